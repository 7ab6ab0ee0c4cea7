//! Damaged and hostile files: one plain finding each, and the others are processed.

use crate::util::{Row, Site, small, tests, text};
use std::fs;

/// Small deterministic noise.
pub fn noise(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or(0)
    }
}

const FORMATS: [&str; 3] = ["xlsx", "ods", "xls"];

/// A site with a directory, returns, and the whole workbook of each format; every file has a source of its own, so that
/// none is taken for another's newer version.
fn trial(files: usize) -> Site {
    let sources: String = (0..files + FORMATS.len())
        .map(|i| {
            format!(
                "[source.t{i:03}]\nbureau = \"试\"\nfiles = [\"试/{i:03}.*\"]\nforms = [\"needs\"]\nlegal_basis = \"试\"\npurpose = \"试\"\ncatalogue_item = \"试\"\n"
            )
        })
        .collect();
    let site = Site::new(
        "2024-06-30",
        &format!("[output]\nworkbooks = [\"quality\"]\ndata = [\"enterprises\", \"needs\", \"findings\"]\n{sources}"),
    );
    let code = crate::util::code(1);
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{code},龙南市甲试验有限公司,专精特新中小企业\n"));
    site.input("统计局/2023年.csv", format!("单位：千元,,\n统一社会信用代码,营业收入,利润总额\n{code},10,1\n"));
    for (i, format) in FORMATS.iter().enumerate() {
        site.input(&format!("试/{:03}.{format}", files + i), original(format));
    }
    site
}

fn original(format: &str) -> Vec<u8> {
    fs::read(tests().join(format!("fixtures/workbooks/需求.{format}"))).expect("a workbook")
}

/// Cuts the file or flips a bit of it.
fn damage(mut bytes: Vec<u8>, cut: bool, random: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let at = random(bytes.len());
    if cut {
        bytes.truncate(at);
    } else {
        bytes[at] ^= 1 << random(8);
    }
    bytes
}

/// The records of a file, by all that does not name the file.
fn records(needs: &[Row], file: &str) -> Vec<Row> {
    let own = needs.iter().filter(|r| r["file"] == file);
    own.map(|r| r.iter().filter(|(k, _)| *k != "file").map(|(k, v)| (k.clone(), v.clone())).collect()).collect()
}

#[test]
fn damaged_workbooks_are_refused_or_unharmed_and_the_others_go_on() {
    damaged_workbooks(12);
}

#[test]
#[ignore = "hundreds of workbooks: run by .ci/run"]
fn hundreds_of_damaged_workbooks_are_refused_or_unharmed() {
    damaged_workbooks(200);
}

/// Gathers so many damaged workbooks beside whole ones.
fn damaged_workbooks(damaged: usize) {
    let sound = trial(0);
    sound.run();
    let site = trial(damaged);
    let mut random = noise(7);
    for i in 0..damaged {
        let format = FORMATS[i % FORMATS.len()];
        site.input(&format!("试/{i:03}.{format}"), damage(original(format), i % 2 == 0, &mut random));
    }
    site.run();
    assert_eq!(site.table("enterprises"), sound.table("enterprises"), "the others are processed");
    let (needs, findings) = (site.table("needs"), site.table("findings"));
    let whole = FORMATS.map(|f| records(&needs, &format!("试/{:03}.{f}", damaged + FORMATS.iter().position(|g| *g == f).expect("known"))));
    assert!(whole.iter().all(|records| records.len() == 10), "the whole workbooks are read");
    let mut refusals = 0;
    for i in 0..damaged {
        let format = i % FORMATS.len();
        let file = format!("试/{i:03}.{}", FORMATS[format]);
        let codes: Vec<&str> = findings.iter().filter(|r| r["file"] == file).map(|r| r["code"].as_str()).collect();
        let refused = codes.iter().any(|c| c.starts_with("FIL-") || *c == "TBL-200");
        assert!(!codes.contains(&"FIL-120"), "{file}: the reader died");
        if refused {
            assert_eq!(
                (codes.len(), records(&needs, &file).len()),
                (1, 0),
                "{file} is refused with one finding and gives nothing: {codes:?}"
            );
            refusals += 1;
        } else if FORMATS[format] != "xls" {
            assert!(i % 2 == 1, "{file} is cut and yet read");
            assert!(records(&needs, &file) == whole[format], "{file} is read and says something else");
        } else if i % 2 == 0 {
            // A flipped bit in a value of an .xls is beyond telling, lost records are not.
            let told = codes.iter().any(|c| c.starts_with("CEL-24"));
            assert!(told || records(&needs, &file) == whole[format], "{file} is cut and says something else without a word");
        }
    }
    assert!(refusals > damaged / 2, "{refusals} refusals");
}

#[test]
fn two_cells_in_opposite_corners_cost_nothing() {
    let site = small();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "统一社会信用代码").expect("a cell");
    sheet.write_string(0, 1, "企业名称").expect("a cell");
    sheet.write_string(1_048_575, 16_383, "远").expect("a cell");
    site.input("工信局_角.xlsx", book.save_to_buffer().expect("bytes"));
    site.run();
    assert_eq!(site.table("enterprises").len(), 6);
}

#[test]
fn a_cell_of_a_million_characters_costs_little() {
    let words = ["2023年", "1", "9,", "一、", "（", "万元", "\"", "2023-", "时间2023年"];
    let sources: String = (0..words.len())
        .map(|i| format!("[source.t{i}]\nbureau = \"试\"\nfiles = [\"试/{i}.csv\"]\nforms = [\"needs\"]\nlegal_basis = \"试\"\npurpose = \"试\"\ncatalogue_item = \"试\"\n"))
        .collect();
    let site = Site::new("2024-06-30", &format!("[limits]\nparser_cpu_s = 10\n{sources}"));
    let code = crate::util::code(1);
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{code},龙南市甲试验有限公司,专精特新中小企业\n"));
    for (i, word) in words.iter().enumerate() {
        site.input(&format!("试/{i}.csv"), word.repeat((1 << 20) / word.len()));
    }
    site.run();
    let ended: Vec<Row> = site.table("findings").into_iter().filter(|r| ["FIL-121", "FIL-122"].contains(&r["code"].as_str())).collect();
    assert!(ended.is_empty(), "{ended:?}");
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
    let site = trial(0);
    site.input("杂项.xlsx", b"whatever");
    site.run();
    let own: Vec<String> = site.table("findings").into_iter().filter(|r| r["file"] == "杂项.xlsx").map(|r| r["code"].clone()).collect();
    assert_eq!(own, ["SRC-001"]);
}

/// A directory and a return, which stay readable whatever lies beside them.
#[cfg(unix)]
fn shared_disk(extra: &str) -> Site {
    let site = Site::new("2024-06-30", extra);
    site.input("工信局/名录.csv", crate::util::directory(2));
    site.input("统计局/2023年.csv", format!("单位：千元,,\n统一社会信用代码,营业收入,利润总额\n{},10,1\n", crate::util::code(1)));
    site
}

#[cfg(unix)]
#[test]
fn links_circles_and_pipes_in_the_inputs_are_told_and_the_rest_is_published() {
    use std::os::unix::fs::symlink;
    let site = shared_disk("");
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("秘密.csv"), "企业名称,营业收入\n龙南市外有限公司,1\n").expect("a file");
    let inputs = site.path("inputs");
    symlink("nowhere", inputs.join("统计局/断.csv")).expect("a link");
    symlink("圈", inputs.join("统计局/圈")).expect("a link");
    symlink(outside.path(), inputs.join("统计局/外")).expect("a link");
    symlink("../..", inputs.join("统计局/上")).expect("a link");
    symlink("2023年.csv", inputs.join("统计局/又名.csv")).expect("a link");
    rustix::fs::mknodat(rustix::fs::CWD, inputs.join("统计局/管道.csv"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .expect("a pipe");
    let told = site.run();
    let said = text(&told.stdout);
    assert!(said.contains("，另有 5 个无法读取"), "a second name is not unreadable: {said}");
    symlink(site.path("outputs/.huichi"), inputs.join("统计局/台账")).expect("a link");
    site.run();
    let mut told: Vec<String> = site
        .table("findings")
        .iter()
        .filter(|r| r["code"].starts_with("SRC-"))
        .map(|r| format!("{} {} {}", r["code"], r["bureau"], r["file"]))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "SRC-020 统计局 统计局/圈",
            "SRC-020 统计局 统计局/断.csv",
            "SRC-021 统计局 统计局/管道.csv",
            "SRC-022 统计局 统计局/上",
            "SRC-022 统计局 统计局/外",
            "SRC-023 统计局 统计局/又名.csv",
            "SRC-024 统计局 统计局/台账",
        ]
    );
    let findings = site.table("findings");
    assert!(!findings.iter().any(|r| r["message"].contains('@') || r["message"].contains(&outside.path().display().to_string())));
    assert_eq!(site.table("returns").len(), 1, "each file is read once, and none from outside");
    let output = site.huichi(&["check", "inputs/统计局/管道.csv"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("不是普通文件"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn links_lead_into_folders_that_the_settings_name() {
    let outside = tempfile::tempdir().expect("a folder");
    let site = shared_disk(&format!("[paths]\nlinked_folders = [\"{}\"]\n", outside.path().display()));
    let far = format!("单位：千元,,\n统一社会信用代码,营业收入,利润总额\n{},20,2\n", crate::util::code(2));
    fs::write(outside.path().join("2022年.csv"), far).expect("a file");
    std::os::unix::fs::symlink(outside.path(), site.path("inputs/统计局/共享")).expect("a link");
    site.run();
    let files: Vec<String> = site.table("returns").iter().map(|r| r["file"].clone()).collect();
    assert_eq!(files, ["统计局/2023年.csv", "统计局/共享/2022年.csv"]);
}

#[cfg(unix)]
#[test]
fn outputs_below_the_inputs_are_never_taken_in() {
    let site = shared_disk("[paths]\noutputs = \"inputs/工信局\"\n");
    site.input("名录/名录.csv", "");
    fs::rename(site.path("inputs/工信局/名录.csv"), site.path("inputs/工信局_名录.csv")).expect("moved");
    fs::remove_dir_all(site.path("inputs/名录")).expect("removed");
    let inputs = || {
        site.run();
        let about = fs::read(site.path("inputs/工信局/latest/run.json")).expect("run.json");
        let about: serde_json::Value = serde_json::from_slice(&about).expect("JSON");
        let paths = about["inputs"].as_array().expect("inputs").iter().map(|i| i["path"].as_str().expect("a path").to_owned());
        paths.collect::<Vec<_>>()
    };
    let want = ["工信局_名录.csv", "统计局/2023年.csv"];
    assert_eq!(inputs(), want);
    site.input("统计局/2022年.csv", "单位：千元,,\n统一社会信用代码,营业收入,利润总额\n");
    assert_eq!(inputs(), ["工信局_名录.csv", "统计局/2022年.csv", "统计局/2023年.csv"]);
}
