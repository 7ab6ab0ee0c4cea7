//! `huichi user`

use super::args::{Cli, Format, User};
use super::output::{Paint, lang, say};
use super::site;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::finding::word;
use crate::ledger::{Account, AccountChange, Ledger, NewAccount, NotMade};
use crate::model::account_name;
use crate::model::role::Role;
use crate::model::words::{Lang, fill};
use crate::portal::clock::Clock;
use crate::portal::password;
use crate::portal::people::{WishProblem, lapsed_before, one_time_password, person, role_and_source, shown_name};

/// Manages accounts.
pub fn run(cli: &Cli, action: &User) -> Result<u8, Error> {
    let (config, mut ledger) = site::open(cli)?;
    let lang = lang(cli, &config);
    let now = site::now();
    match action {
        User::Add { name, role, source, display } => {
            let source = source.as_deref().unwrap_or_default();
            if !account_name::may_be_carried(name) {
                return Err(usage("ERR-030", name));
            }
            let (role, source) = checked(&config, role, source)?;
            let typed = display.as_deref().unwrap_or_default();
            let display = shown_name(typed, name).map_err(|_| usage("ERR-047", typed))?;
            let secret = one_time_password();
            let password = password::hash(&secret)?;
            let new = NewAccount { name, display: &display, role, source: source.as_deref(), password: &password, must_change: true };
            ledger.create_account(&new, site::by(&now))?.map_err(|not| told(not, name))?;
            tell(cli, &line(lang, "user.added", &[name, role_word(lang, role)]), name, Some(&secret));
        }
        User::List => list(cli, lang, &ledger, &lapsed_before(&config, Clock::new(None).now()))?,
        User::Reset { name } => {
            let account = find(&ledger, name)?;
            let secret = one_time_password();
            let password = password::hash(&secret)?;
            ledger.reset_account(account.id, &password, site::by(&now))?.map_err(|not| told(not, name))?;
            tell(cli, &line(lang, "user.reset", &[name]), name, Some(&secret));
        }
        User::Disable { name } => {
            let account = find(&ledger, name)?;
            let change = AccountChange { display: &account.display, role: account.role, source: account.source.as_deref(), disabled: true };
            ledger.change_account(account.id, &change, site::by(&now))?.map_err(|not| told(not, name))?;
            tell(cli, &line(lang, "user.disabled", &[name]), name, None);
        }
    }
    Ok(0)
}

/// A sentence with its arguments.
pub fn line(lang: Lang, key: &str, values: &[&str]) -> String {
    fill(word(lang, key), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).map(|v| (*v).to_owned()))).into_owned()
}

/// A role as people call it.
pub fn role_word(lang: Lang, role: Role) -> &'static str {
    word(lang, &format!("portal.role_{}", role.id()))
}

/// An error about something that was typed.
pub fn usage(code: &'static str, found: &str) -> Error {
    Error::new(ErrorKind::Usage, code).with("found", found)
}

/// Role and source, if they go together.
pub fn checked(config: &Config, role: &str, source: &str) -> Result<(Role, Option<String>), Error> {
    role_and_source(config, role, source).map_err(|problem| {
        let open = config.source.iter().filter(|(_, s)| !s.disabled);
        let sources = open.map(|(id, _)| id.as_str()).collect::<Vec<_>>().join("、");
        // A source that nobody knows is another mistake than one that is missing or too many.
        let unknown = problem == WishProblem::Source && !source.is_empty();
        usage(if unknown { "ERR-012" } else { "ERR-032" }, source).with("role", role).with("sources", sources)
    })
}

/// Why a change was not made, as an error.
pub fn told(not: NotMade, found: &str) -> Error {
    usage(
        match not {
            NotMade::Taken => "ERR-031",
            NotMade::Unknown => "ERR-033",
            NotMade::LastAdministrator => "ERR-034",
        },
        found,
    )
}

fn find(ledger: &Ledger, name: &str) -> Result<Account, Error> {
    ledger.account_named(name)?.ok_or_else(|| usage("ERR-033", name))
}

/// Tells what was done, with the word that is shown once on a line of its own.
pub fn tell(cli: &Cli, sentence: &str, name: &str, secret: Option<&str>) {
    if cli.format == Format::Json {
        return say(serde_json::json!({ "name": name, "secret": secret }));
    }
    let paint = Paint::stdout();
    say(paint.text("1;32", sentence));
    if let Some(secret) = secret {
        say(format!("  {}", paint.text("1", secret)));
    }
}

fn list(cli: &Cli, lang: Lang, ledger: &Ledger, lapsed: &str) -> Result<(), Error> {
    let people: Vec<_> = ledger.accounts()?.into_iter().map(|a| person(a, lapsed)).collect();
    if cli.format == Format::Json {
        say(serde_json::json!(people));
        return Ok(());
    }
    if people.is_empty() {
        say(word(lang, "user.none"));
    }
    for p in &people {
        let state = word(lang, &format!("portal.state_{}", p.state));
        let source = p.source.as_deref().map(|s| format!("（{s}）")).unwrap_or_default();
        say(format!("{}  {}{source}  {state}  {}", p.name, role_word(lang, p.role), p.display));
    }
    Ok(())
}
