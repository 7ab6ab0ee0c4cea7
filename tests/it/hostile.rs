//! Damaged and hostile files: one plain finding each, and the others are processed.

use crate::city;
use crate::util::{Site, tests, text};
use std::fs;

/// Small deterministic noise.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn damaged_workbooks_are_refused_or_unharmed_and_the_others_go_on() {
    let site = city::site("");
    site.run();
    let pool = site.table("enterprises").len();
    let original = fs::read(tests().join("city/工信局_企业名录.xlsx")).expect("the directory");
    // Damaged copies come under a source of their own, so that a harmless flip leaves the pool as it is.
    let damaged = Site::new(
        "2024-06-30",
        "[source.trial]\nbureau = \"试\"\nfiles = [\"试/**\"]\nforms = [\"needs\"]\nlegal_basis = \"试\"\npurpose = \"试\"\ncatalogue_item = \"试\"\n",
    );
    for name in ["工信局_企业名录.xlsx", "统计局_经营情况.xlsx", "市监局_专利清单.xlsx"] {
        damaged.copy(&tests().join("city").join(name));
    }
    let mut random = noise(7);
    for i in 0..20 {
        let mut bytes = original.clone();
        if i % 2 == 0 {
            bytes.truncate(usize::try_from(random()).unwrap_or(0) % original.len());
        } else {
            let at = usize::try_from(random() % original.len() as u64).unwrap_or(0);
            bytes[at] ^= 1 << (random() % 8);
        }
        damaged.input(&format!("试/{i:02}.xlsx"), bytes);
    }
    damaged.run();
    assert_eq!(damaged.table("enterprises").len(), pool);
    for i in 0..20 {
        let file = format!("试/{i:02}.xlsx");
        let own: Vec<String> = damaged.table("findings").into_iter().filter(|r| r["file"] == file).map(|r| r["code"].clone()).collect();
        let refused = own.len() == 1 && own[0].starts_with("FIL-");
        // The directory's header is no needs form but for the code, the name and the amount, so an unharmed copy is read as one.
        let unharmed = own.iter().all(|c| !c.starts_with("FIL-")) && !own.is_empty();
        assert!(refused || unharmed, "{file}: {own:?}");
        if i % 2 == 0 {
            assert!(refused, "{file} is truncated: {own:?}");
        }
    }
}

#[test]
fn two_cells_in_opposite_corners_cost_nothing() {
    let site = city::site("");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "统一社会信用代码").expect("a cell");
    sheet.write_string(0, 1, "企业名称").expect("a cell");
    sheet.write_string(1_048_575, 16_383, "远").expect("a cell");
    site.input("工信局_角.xlsx", book.save_to_buffer().expect("bytes"));
    site.run();
    assert_eq!(site.table("enterprises").len(), 1200);
}

#[test]
fn nothing_readable_is_exit_code_4() {
    let site = Site::new("2024-06-30", "");
    site.input("统计局/a.xlsx", b"PK\x03\x04 no archive");
    let output = site.huichi(&["run"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("ERR-005"));
}

#[test]
fn a_file_of_no_source_is_a_note() {
    let site = city::site("");
    site.input("杂项.xlsx", b"whatever");
    site.run();
    let own: Vec<String> = site.table("findings").into_iter().filter(|r| r["file"] == "杂项.xlsx").map(|r| r["code"].clone()).collect();
    assert_eq!(own, ["SRC-001"]);
}
