//! Workbooks of the format .xlsb.

#![no_main]

use huichi::stages::ingest::reader::FileKind;
use huichi_fuzz::{parts, reading};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus { parts::file(input).map_or(Corpus::Reject, |file| reading::read(FileKind::Xlsb, &file)) });

fuzz_mutator!(|data: &mut [u8], size: usize, room: usize, seed: u32| { parts::mutate(data, size, room, seed) });
