//! Damage: a changed or cut file is refused, or gives exactly what the sound one gives.

use proptest::prelude::*;

use super::super::super::testing::{read_bytes, read_named};
use super::written::workbook;

/// Checks that damaged bytes are refused or harmless.
fn harmless_or_refused(sound: &[u8], damaged: &[u8]) -> bool {
    let expected = read_bytes(sound).expect("sound");
    match read_bytes(damaged) {
        Ok(seen) => seen == expected,
        Err(refusal) => refusal.code.starts_with("FIL-1"),
    }
}

#[test]
fn every_truncation_is_refused() {
    let sound = workbook(false);
    for length in (0..sound.len()).step_by(13) {
        assert!(read_bytes(&sound[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_flipped_bit_changes_no_value() {
    flipped_bits_change_no_value(29);
}

#[test]
#[ignore = "thousands of files: run by .ci/run"]
fn a_bit_flipped_in_any_byte_changes_no_value() {
    flipped_bits_change_no_value(1);
}

/// Flips a bit of each so many bytes, one after another.
fn flipped_bits_change_no_value(step: usize) {
    let sound = workbook(false);
    let (_, expected) = read_named("表.dat", &sound).expect("sound");
    let mut accepted = 0;
    for at in (0..sound.len()).step_by(step) {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        if let Ok((_, seen)) = read_named("表.dat", &damaged) {
            assert!(seen == expected, "byte {at} changed a value");
            accepted += 1;
        }
    }
    assert!(accepted > 0, "dates and attributes of entries are of no matter");
}

proptest! {
    #[test]
    fn overwritten_runs_change_no_value(at in any::<prop::sample::Index>(), run in prop::collection::vec(any::<u8>(), 1..64)) {
        let sound = workbook(true);
        let mut damaged = sound.clone();
        let start = at.index(damaged.len());
        for (place, byte) in damaged[start..].iter_mut().zip(&run) {
            *place = *byte;
        }
        prop_assert!(harmless_or_refused(&sound, &damaged));
    }

    #[test]
    fn arbitrary_sheets_never_panic(xml in "(<(/?(row|c|v|f|is|t|sheetData|mergeCell)( r=\"[A-Z]{0,4}[0-9]{0,9}\")?( t=\"[a-z]{1,3}\")?/?)>|[0-9a&;#x<!\\-\\[\\]汇]{0,6}){0,40}") {
        let bytes = super::Parts::with_rows(&xml).build();
        if let Err(refusal) = read_bytes(&bytes) {
            prop_assert!(refusal.code.starts_with("FIL-1"));
        }
    }
}
