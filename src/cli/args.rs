//! What can be typed.

use crate::config::Workbook;
use crate::finding::word;
use crate::model::role::Role;
use crate::model::words::Lang;
use chrono::{DateTime, FixedOffset, NaiveDate};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Clone, Parser)]
#[command(name = "huichi", version)]
pub struct Cli {
    /// What to do; `run` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "pipeline.toml")]
    pub config: PathBuf,
    /// Language of what is printed and written; the configuration's if not stated.
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<LangArg>,
    /// How results are printed.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Folder of inputs, instead of the configuration's.
    #[arg(long, global = true, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// Folder of outputs, instead of the configuration's.
    #[arg(long, global = true, value_name = "DIR")]
    pub outputs: Option<PathBuf>,
    /// Reference date, instead of the configuration's.
    #[arg(long, global = true, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
}

/// What is explained.
#[derive(Debug, Clone, Parser)]
pub struct Explain {
    /// Such as F1 or FIL-104; an enterprise's code or name; a cell of the pool workbook such as `备选池!F12`.
    pub code: Option<String>,
    /// Columns of the enterprise, or further cells, whose values are followed to where they come from.
    #[arg(value_name = "COLUMN")]
    pub columns: Vec<String>,
    /// The run that is asked, or `latest`.
    #[arg(long = "run", id = "asked_run", value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// Which pool workbook the cells are of.
    #[arg(long, value_name = "EDITION", default_value = "closed")]
    pub workbook: PoolWorkbook,
}

/// An edition of the pool workbook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PoolWorkbook {
    /// 封闭版
    #[default]
    Closed,
    /// 运营版
    Operator,
}

impl From<PoolWorkbook> for Workbook {
    fn from(edition: PoolWorkbook) -> Self {
        match edition {
            PoolWorkbook::Closed => Workbook::Pool,
            PoolWorkbook::Operator => Workbook::PoolOperator,
        }
    }
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Gathers the inputs into the candidate pool.
    Run(Run),
    /// Checks files, or the configuration if no file is named.
    Check(Check),
    /// Explains a code, why an enterprise is in the pool or not, or where its values come from; without one, lists all codes.
    Explain(Explain),
    /// Prints the proposed asset list of a run.
    List {
        /// The run, or `latest`.
        #[arg(id = "asked_run", value_name = "RUN", default_value = "latest")]
        run: String,
    },
    /// Tells who would enter the pool and who would leave it under other criteria or terms.
    Whatif {
        /// Such as `patent_free=3`, `title_valid=off`, `issue.scale=2亿元`, `set.pledge=on`.
        #[arg(long = "set", id = "change", value_name = "CHANGE", required = true)]
        changes: Vec<String>,
        /// The run, or `latest`.
        #[arg(long = "run", id = "asked_run", value_name = "RUN", default_value = "latest")]
        run: String,
    },
    /// Estimates what an issue costs.
    Cost(Cost),
    /// Writes dossiers of enterprises.
    Dossier(Dossier),
    /// Tells what of the plan is done, due and late.
    Milestones {
        /// The run, or `latest`.
        #[arg(id = "asked_run", value_name = "RUN", default_value = "latest")]
        run: String,
    },
    /// Waives criteria for enterprises.
    Waive {
        /// What to do.
        #[command(subcommand)]
        action: Waive,
    },
    /// Prints the settings in force and where they come from.
    Config,
    /// Writes the sample inputs.
    Sample(Sample),
    /// Opens the portal.
    Serve(Serve),
    /// Manages accounts.
    User {
        /// What to do.
        #[command(subcommand)]
        action: User,
    },
    /// Manages tokens of programs.
    Token {
        /// What to do.
        #[command(subcommand)]
        action: Token,
    },
    /// Verifies or exports the audit log.
    Audit {
        /// What to do.
        #[command(subcommand)]
        action: Audit,
    },
    /// Takes a backup of ledger, originals and adopted runs.
    Backup {
        /// The folder that the backup becomes.
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
    /// Restores a backup into an empty folder of outputs.
    Restore {
        /// The backup.
        #[arg(value_name = "DIR")]
        from: PathBuf,
    },
    /// Makes a kept run again and compares every file of it.
    Replay {
        /// The run, or `latest`.
        #[arg(id = "kept_run", value_name = "RUN")]
        run: String,
    },
    /// Compares two runs.
    Diff {
        /// The older, or `latest`.
        #[arg(id = "older_run", value_name = "RUN")]
        older: String,
        /// The newer, or `latest`.
        #[arg(id = "newer_run", value_name = "RUN")]
        newer: String,
    },
    /// Prints a completion script.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

impl Default for Command {
    fn default() -> Self {
        Command::Run(Run::default())
    }
}

/// `run`
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Run {
    /// No progress, only the closing summary.
    #[arg(long, short)]
    pub quiet: bool,
    /// Progress as JSON lines on standard output, for the portal; the run ends when standard input does.
    #[arg(long, hide = true)]
    pub events: bool,
}

/// `check`
#[derive(Debug, Clone, clap::Args)]
pub struct Check {
    /// Files to check.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The source that sends them, where the path does not tell.
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Findings shown in full.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub most: usize,
}

/// `sample`
#[derive(Debug, Clone, clap::Args)]
pub struct Sample {
    /// Enterprises in the directory.
    #[arg(long, default_value_t = 300)]
    pub enterprises: usize,
    /// Patents in the list.
    #[arg(long, default_value_t = 2700)]
    pub patents: usize,
    /// Seed of the generator.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Replace files that are there.
    #[arg(long)]
    pub overwrite: bool,
}

/// `serve`
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// Address and port, instead of the configuration's.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// A throw-away site on the sample data, with accounts for every role.
    #[arg(long)]
    pub demo: bool,
    /// What the clock shows at the start, for trials.
    #[arg(long, value_name = "TIME", hide = true)]
    pub clock: Option<DateTime<FixedOffset>>,
}

/// The words of roles.
fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.map(Role::id))
}

/// `user`
#[derive(Debug, Clone, Subcommand)]
pub enum User {
    /// Makes an account with a one-time password.
    Add {
        /// What is typed to sign in.
        #[arg(value_name = "NAME")]
        name: String,
        /// Role.
        #[arg(long, value_name = "ROLE", value_parser = roles())]
        role: String,
        /// The source whose returns a clerk sends.
        #[arg(long = "source", id = "clerk_source", value_name = "ID")]
        source: Option<String>,
        /// What pages show.
        #[arg(long, value_name = "TEXT")]
        display: Option<String>,
    },
    /// Lists accounts.
    List,
    /// Gives an account a one-time password.
    Reset {
        /// The account.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Ends an account's sessions and lets it sign in no more.
    Disable {
        /// The account.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// `dossier`
#[derive(Debug, Clone, clap::Args)]
pub struct Dossier {
    /// Codes or names of enterprises; all of the list if none is named.
    #[arg(id = "enterprises_named", value_name = "ENTERPRISE")]
    pub enterprises: Vec<String>,
    /// A folder, or an archive whose name ends with `.zip`.
    #[arg(long = "to", id = "dossiers_to", value_name = "PATH")]
    pub to: PathBuf,
    /// The closed edition: figures of statistics without consent too.
    #[arg(long)]
    pub closed: bool,
    /// The run, or `latest`.
    #[arg(long = "run", id = "asked_run", value_name = "RUN", default_value = "latest")]
    pub run: String,
}

/// `cost`
#[derive(Debug, Clone, clap::Args)]
pub struct Cost {
    /// What is issued, such as `2亿元`.
    #[arg(long, value_name = "AMOUNT")]
    pub scale: Option<String>,
    /// The term in months.
    #[arg(long, value_name = "N")]
    pub months: Option<String>,
    /// The coupon: `3%`, or from `3%..3.5%`.
    #[arg(long, value_name = "RATE")]
    pub coupon: Option<String>,
    /// Days of bridging.
    #[arg(long, value_name = "N")]
    pub bridge_days: Option<String>,
}

/// `waive`
#[derive(Debug, Clone, Subcommand)]
pub enum Waive {
    /// Asks for a waiver.
    Ask {
        /// The enterprise's code or name.
        #[arg(value_name = "ENTERPRISE")]
        enterprise: String,
        /// The criterion.
        #[arg(value_name = "CRITERION")]
        criterion: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The last reference date for which it counts.
        #[arg(long, value_name = "DATE")]
        until: NaiveDate,
        /// The account of whoever asks.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Grants what somebody else asked for.
    Grant {
        /// Its number.
        #[arg(id = "waiver", value_name = "NUMBER")]
        number: i64,
        /// The account of whoever grants.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Refuses what was asked for.
    Refuse {
        /// Its number.
        #[arg(id = "waiver", value_name = "NUMBER")]
        number: i64,
        /// The account of whoever refuses.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Withdraws what was granted.
    Withdraw {
        /// Its number.
        #[arg(id = "waiver", value_name = "NUMBER")]
        number: i64,
        /// The account of whoever withdraws.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Lists all of them.
    List,
}

/// `token`
#[derive(Debug, Clone, Subcommand)]
pub enum Token {
    /// Makes a token; its text is shown once.
    Add {
        /// What it is for.
        #[arg(value_name = "LABEL")]
        label: String,
        /// Role.
        #[arg(id = "token_role", long = "role", value_name = "ROLE", value_parser = roles())]
        role: String,
        /// The source, if it acts as a clerk.
        #[arg(long = "source", id = "clerk_source", value_name = "ID")]
        source: Option<String>,
        /// Days that it counts.
        #[arg(long, value_name = "N", default_value_t = 90)]
        days: u32,
    },
    /// Lists tokens.
    List,
    /// Withdraws a token.
    Revoke {
        /// What it is for.
        #[arg(value_name = "LABEL")]
        label: String,
    },
}

/// `audit`
#[derive(Debug, Clone, Subcommand)]
pub enum Audit {
    /// Reads the whole chain; prints number and hash of the last entry.
    Verify {
        /// Number and hash of an entry as they were kept elsewhere, or a file of such.
        #[arg(long, value_name = "ANCHOR")]
        anchor: Option<String>,
    },
    /// Writes all entries as CSV.
    Export {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// `--lang`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LangArg {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Self {
        match lang {
            LangArg::Zh => Lang::Zh,
            LangArg::En => Lang::En,
        }
    }
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Puts the catalogue's words in place of the doc comments, in either language.
pub fn localized(command: clap::Command, lang: Lang) -> clap::Command {
    let say = |key: &str| word(lang, &format!("cli.{key}"));
    let template = |parts: &[&str]| -> String {
        let mut text = String::from("{about}\n\n");
        let sections: Vec<String> = parts.iter().map(|part| format!("{}\n{{{part}}}", say(&format!("head_{part}")))).collect();
        text.push_str(&sections.join("\n\n"));
        text.push_str("{after-help}");
        text
    };
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let command = command
        .about(say("about"))
        .after_help(say("exit_codes"))
        .help_template(template(&["usage", "subcommands", "options"]))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(help.clone().global(true))
        .arg(version);
    let described = |arg: Arg| {
        let key = format!("arg_{}", arg.get_id());
        let valued = arg.get_action().takes_values();
        arg.help(say(&key)).hide_possible_values(valued)
    };
    let shaped = |name: &str, nested: bool| -> String {
        let parts: &[&str] = match name {
            "explain" | "completions" if !nested => &["usage", "positionals", "options"],
            _ if nested => &["usage", "subcommands", "options"],
            _ => &["usage", "all-args"],
        };
        template(parts)
    };
    let mut command = command.mut_args(described);
    for name in subcommands(&command) {
        command = command.mut_subcommand(&name, |mut sub| {
            let nested = subcommands(&sub);
            for inner in &nested {
                let about = say(&format!("{name}_{inner}"));
                sub = sub.mut_subcommand(inner, |s| s.about(about).help_template(shaped(inner, false)).mut_args(described));
            }
            sub.about(say(&name)).help_template(shaped(&name, !nested.is_empty())).disable_help_subcommand(true).mut_args(described)
        });
    }
    command
}

fn subcommands(command: &clap::Command) -> Vec<String> {
    command.get_subcommands().map(|c| c.get_name().to_owned()).collect()
}
