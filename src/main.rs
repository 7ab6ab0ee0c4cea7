//! The program: a parsing child if so asked, else the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The child must stay single-threaded, so it is told apart before any runtime starts.
    if std::env::args_os().nth(1).is_some_and(|a| a == huichi::pipeline::parser::COMMAND) {
        return ExitCode::from(u8::try_from(huichi::pipeline::parser::main()).unwrap_or(1));
    }
    let said = std::panic::take_hook();
    // A panic over a full disk becomes an error, which says it better.
    std::panic::set_hook(Box::new(move |panic| {
        if huichi::error::Error::of_panic(panic.payload()).is_none() {
            said(panic);
        }
    }));
    // A panic is a broken invariant of ours; its message is on standard error already.
    ExitCode::from(std::panic::catch_unwind(huichi::cli::main).unwrap_or(1))
}
