//! The program: a parsing child if so asked, else the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The child must stay single-threaded, so it is told apart before any runtime starts.
    if std::env::args_os().nth(1).is_some_and(|a| a == huichi::pipeline::parser::COMMAND) {
        return ExitCode::from(u8::try_from(huichi::pipeline::parser::main()).unwrap_or(1));
    }
    // A panic is a broken invariant of ours; its message is on standard error already.
    ExitCode::from(std::panic::catch_unwind(huichi::cli::main).unwrap_or(1))
}
