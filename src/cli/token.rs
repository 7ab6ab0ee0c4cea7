//! `huichi token`

use super::args::{Cli, Format, Token};
use super::output::{lang, say};
use super::site;
use super::user::{checked, line, role_word, tell, told, usage};
use crate::error::Error;
use crate::finding::word;
use crate::model::role::Role;
use crate::portal::clock::Clock;
use crate::portal::people::{Wish, WishProblem, new_token, program};
use crate::stages::acquire::hash_text;

/// Manages tokens of programs.
pub fn run(cli: &Cli, action: &Token) -> Result<u8, Error> {
    let (config, mut ledger) = site::open(cli)?;
    let lang = lang(cli, &config);
    let now = site::now();
    match action {
        Token::Add { label, role, source, days } => {
            let source = source.as_deref().unwrap_or_default();
            checked(&config, role, source)?;
            let wish = Wish { name: label.clone(), role: role.clone(), source: source.to_owned(), ..Wish::default() };
            let made = new_token(&config, &Clock::new(None), site::ACTOR, &wish, *days);
            let (token, secret) = made.map_err(|problem| match problem {
                WishProblem::Days => usage("ERR-044", &days.to_string()),
                WishProblem::Role => usage("ERR-045", role).with("expected", roles()),
                _ => usage("ERR-030", label),
            })?;
            ledger.create_token(&hash_text(&secret), &token, site::by(&now))?.map_err(|not| told(not, label))?;
            let until = token.expires.get(..10).unwrap_or_default();
            tell(cli, &line(lang, "token.added", &[label, until]), label, Some(&secret));
        }
        Token::List => {
            let programs: Vec<_> = ledger.tokens()?.into_iter().map(|t| program(t, &now)).collect();
            if cli.format == Format::Json {
                say(serde_json::json!(programs));
                return Ok(0);
            }
            if programs.is_empty() {
                say(word(lang, "token.none"));
            }
            for p in &programs {
                let state = word(lang, &format!("portal.state_{}", p.state));
                let source = p.source.as_deref().map(|s| format!("（{s}）")).unwrap_or_default();
                say(format!("{}  {}{source}  {}  {state}", p.label, role_word(lang, p.role), p.expires));
            }
        }
        Token::Revoke { label } => {
            let found = ledger.tokens()?.into_iter().find(|t| t.label == *label && !t.revoked);
            let id = found.ok_or_else(|| usage("ERR-033", label))?.id;
            ledger.revoke_token(id, site::by(&now))?.map_err(|not| told(not, label))?;
            tell(cli, &line(lang, "token.revoked", &[label]), label, None);
        }
    }
    Ok(0)
}

/// The roles that a token may have.
fn roles() -> String {
    Role::ALL.into_iter().filter(|r| *r != Role::Administrator).map(Role::id).collect::<Vec<_>>().join("、")
}
