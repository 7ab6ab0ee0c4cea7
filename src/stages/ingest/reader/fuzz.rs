//! Seeded mutations of sound files, reader by reader: none panics, takes long or hands out what a row cannot hold.
//!
//! Archives are changed inside their parts as well and packed anew, so that a change reaches the reader behind the checksums. What breaks a
//! reader becomes a test of its own beside that reader.

use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::testing::{archive, read_named};

/// How long each reader is tried.
const TRIAL: Duration = Duration::from_secs(60);
/// No file of a few thousand bytes takes longer, in an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Numbers at which lengths and counts go wrong.
const EDGES: [u64; 10] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX];
/// Pieces of markup and tables that mean something.
const WORDS: [&[u8]; 16] = [
    b"<",
    b">",
    b"/>",
    b"\"",
    b"&#0;",
    b"&amp;",
    b"<!DOCTYPE x>",
    b"<![CDATA[",
    b"t=\"s\"",
    b"r=\"A99999999999\"",
    b"\r\n",
    b"\n",
    b",,,",
    b"\x1F",
    b"1E309",
    b"\xEF\xBB\xBF",
];

/// Changes a few bytes.
fn mutated(mut bytes: Vec<u8>, random: &mut ChaCha8Rng) -> Vec<u8> {
    for _ in 0..random.random_range(1..6) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.random_range(0..bytes.len());
        let length = random.random_range(1..=64.min(bytes.len() - at));
        match random.random_range(0..8) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let edge = EDGES[random.random_range(0..EDGES.len())].to_le_bytes();
                let width = [1, 2, 4, 8][random.random_range(0..4)].min(bytes.len() - at);
                bytes[at..at + width].copy_from_slice(&edge[..width]);
            }
            5 => drop(bytes.splice(at..at, WORDS[random.random_range(0..WORDS.len())].iter().copied())),
            6 => bytes.truncate(at),
            _ => bytes[at..at + length].fill(0),
        }
    }
    bytes
}

/// Changes one part of an archive and packs it anew.
fn repacked(bytes: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a sound archive");
    let mut parts: Vec<(String, Vec<u8>)> = (0..zip.len())
        .map(|i| {
            let mut part = zip.by_index(i).expect("a part");
            let mut content = Vec::new();
            part.read_to_end(&mut content).expect("readable");
            (part.name().expect("a name").into_owned(), content)
        })
        .collect();
    let at = random.random_range(0..parts.len());
    parts[at].1 = mutated(std::mem::take(&mut parts[at].1), random);
    archive(&parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect::<Vec<_>>())
}

/// Tries a reader on changes of a sound file for as long as a trial lasts.
fn tried(name: &str, sound: &[u8], packed: bool) {
    assert!(read_named(name, sound).is_ok(), "the file itself is read");
    let (start, mut number, mut read) = (Instant::now(), 0_u64, 0_u64);
    while start.elapsed() < TRIAL {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let bytes = if packed && number % 4 != 0 { repacked(sound, &mut random) } else { mutated(sound.to_vec(), &mut random) };
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read_named(name, &bytes).is_ok()));
        assert!(begun.elapsed() < PATIENCE, "case {number} of {name} takes {:?}", begun.elapsed());
        read += u64::from(outcome.unwrap_or_else(|_| panic!("case {number} of {name} panics")));
        number += 1;
    }
    assert!(number > 200 && read > 0, "{name}: {number} cases, {read} read");
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)).expect("a fixture")
}

#[test]
#[ignore = "a minute of mutations: run by .ci/run"]
fn text_tables_bear_mutation() {
    tried(
        "表.csv",
        "单位：千元,\r\n代码,名称,数值\r\n=\"0012\",\"甲,公司\",\"1,020.00\"\r\n2,乙\n公司,\u{1F}20\r\n".repeat(8).as_bytes(),
        false,
    );
}

#[test]
#[ignore = "a minute of mutations: run by .ci/run"]
fn xlsx_bears_mutation() {
    tried("表.xlsx", &fixture("fixtures/workbooks/需求.xlsx"), true);
}

#[test]
#[ignore = "a minute of mutations: run by .ci/run"]
fn xlsb_bears_mutation() {
    tried("表.xlsb", &super::xlsb::tests::sound(), true);
}

#[test]
#[ignore = "a minute of mutations: run by .ci/run"]
fn ods_bears_mutation() {
    tried("表.ods", &fixture("fixtures/workbooks/需求.ods"), true);
}

#[test]
#[ignore = "a minute of mutations: run by .ci/run"]
fn xls_bears_mutation() {
    tried("表.xls", &fixture("fixtures/workbooks/需求.xls"), false);
}
