//! The program: a child if so asked, else the command line.

use huichi::pipeline::parser;
use huichi::portal::uploads::judge;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A child must stay single-threaded, so it is told apart before any runtime starts.
    let child = match std::env::args_os().nth(1) {
        Some(word) if word == parser::COMMAND => Some(parser::main()),
        Some(word) if word == judge::COMMAND => Some(judge::main()),
        _ => None,
    };
    if let Some(code) = child {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
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
