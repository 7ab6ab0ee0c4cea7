//! Workbooks of the format .xls.

#![no_main]

use huichi::stages::ingest::reader::FileKind;
use huichi_fuzz::{reading, workbook};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus { reading::read(FileKind::Xls, &workbook::file(input)) });

fuzz_mutator!(|data: &mut [u8], size: usize, room: usize, seed: u32| { workbook::mutate(data, size, room, seed) });
