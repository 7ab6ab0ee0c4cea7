//! Delimited texts.

#![no_main]

use huichi::stages::ingest::reader::FileKind;
use huichi_fuzz::reading;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus { reading::read(FileKind::Csv, input) });
