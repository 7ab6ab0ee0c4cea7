//! Folders as they are found on shared disks.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

/// `inputs/`, `outputs/` and `elsewhere/` in a folder of their own.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let disk = Self(tempfile::tempdir().expect("a folder"));
        disk.file("inputs/统计局/年报.csv");
        disk.file("elsewhere/别处.csv");
        disk.file("outputs/.huichi/ledger.sqlite");
        disk.file("outputs/20260630-1/备选池.xlsx");
        disk.file("outputs/20260630-1/run.json");
        disk
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str) {
        fs::create_dir_all(self.at(path).parent().expect("a parent")).expect("a folder");
        fs::write(self.at(path), path).expect("a file");
    }

    /// A link at `path`; where it leads is stated from the disk's top, or as it is if it is relative.
    fn link(&self, path: &str, to: &str) {
        symlink(if to.starts_with("..") { PathBuf::from(to) } else { self.at(to) }, self.at(path)).expect("a link");
    }

    fn found(&self, inputs: &str, outputs: &str, linked: &[&str]) -> Found {
        let source = |pattern: &str| SourceOptions { files: vec![pattern.to_owned()], ..SourceOptions::default() };
        let sources = [("statistics".to_owned(), source("统计局/**")), ("industry".to_owned(), source("工信局/**"))].into_iter().collect();
        let linked: Vec<PathBuf> = linked.iter().map(|f| self.at(f)).collect();
        list(&self.at(inputs), &sources, &Bounds { linked: &linked, outputs: &self.at(outputs) }).expect("a root")
    }

    /// What is read, and `code source path` of what is not.
    fn told(&self, linked: &[&str]) -> (Vec<String>, Vec<String>) {
        told(&self.found("inputs", "outputs", linked))
    }
}

fn told(found: &Found) -> (Vec<String>, Vec<String>) {
    let unread = found.unread.iter().map(|u| format!("{} {} {}", u.seed.code, u.source, u.path));
    (found.files.iter().map(|f| f.path.clone()).collect(), unread.collect())
}

const OWN: &str = "统计局/年报.csv";

#[test]
fn links_that_lead_nowhere_or_round_in_circles_are_told_and_the_rest_is_read() {
    let disk = Disk::new();
    disk.link("inputs/统计局/断.csv", "nowhere.csv");
    disk.link("inputs/统计局/圈.csv", "inputs/统计局/圈.csv");
    disk.link("inputs/别的", "nowhere");
    let (read, unread) = disk.told(&[]);
    assert_eq!(read, [OWN]);
    assert_eq!(unread, ["SRC-020 statistics 统计局/圈.csv", "SRC-020 statistics 统计局/断.csv", "SRC-020  别的"]);
    let found = disk.found("inputs", "outputs", &[]);
    let reasons: Vec<&str> = found.unread.iter().map(|u| u.seed.args[0].1.as_str()).collect();
    assert_eq!(reasons, ["@io.loop", "@io.not_found", "@io.not_found"]);
}

#[test]
fn links_lead_out_of_the_inputs_only_into_folders_that_are_named() {
    let disk = Disk::new();
    disk.link("inputs/统计局/别处.csv", "elsewhere/别处.csv");
    disk.link("inputs/统计局/夹", "elsewhere");
    disk.link("inputs/统计局/主机", "../../../../../../../../../../etc");
    assert_eq!(
        disk.told(&[]),
        (
            vec![OWN.to_owned()],
            ["SRC-022 statistics 统计局/主机", "SRC-022 statistics 统计局/别处.csv", "SRC-022 statistics 统计局/夹"]
                .map(String::from)
                .to_vec()
        )
    );
    let (read, unread) = disk.told(&["elsewhere"]);
    assert_eq!(read, ["统计局/夹/别处.csv", OWN], "the folder's own name comes before the link's");
    assert_eq!(unread, ["SRC-022 statistics 统计局/主机", "SRC-023 statistics 统计局/别处.csv"]);
}

#[test]
fn a_link_on_a_link_is_judged_by_where_it_ends() {
    let disk = Disk::new();
    disk.link("inputs/甲", "elsewhere/乙");
    disk.link("elsewhere/乙", "outputs/.huichi");
    disk.link("inputs/统计局/丙.csv", "elsewhere/丁.csv");
    disk.link("elsewhere/丁.csv", "inputs/统计局/年报.csv");
    let (read, unread) = disk.told(&["elsewhere"]);
    assert_eq!(read, [OWN]);
    assert_eq!(unread, ["SRC-023 statistics 统计局/丙.csv", "SRC-024  甲"]);
}

#[test]
fn a_file_is_read_once_under_its_own_name() {
    let disk = Disk::new();
    disk.file("inputs/共享/名录.csv");
    disk.link("inputs/统计局/另名.csv", "inputs/统计局/年报.csv");
    disk.link("inputs/统计局/上层", "../..");
    disk.link("inputs/统计局/上层2", "..");
    disk.link("inputs/工信局2", "inputs/统计局");
    // No source claims the file where it lies, so the link gives it one.
    fs::create_dir(disk.at("inputs/工信局")).expect("a folder");
    disk.link("inputs/工信局/名录.csv", "inputs/共享/名录.csv");
    disk.link("inputs/工信局/名录2.csv", "inputs/共享/名录.csv");
    let (read, unread) = disk.told(&[]);
    assert_eq!(read, [OWN, "工信局/名录.csv"]);
    assert_eq!(
        unread,
        [
            "SRC-022 statistics 统计局/上层",
            "SRC-023 statistics 统计局/上层2",
            "SRC-023 statistics 统计局/另名.csv",
            "SRC-023 industry 工信局/名录2.csv",
            "SRC-001  共享/名录.csv",
            "SRC-023  工信局2",
        ]
    );
    let found = disk.found("inputs", "outputs", &[]);
    let other = |path: &str| found.unread.iter().find(|u| u.path == path).map(|u| u.seed.args[0].1.clone());
    assert_eq!(other("统计局/另名.csv").as_deref(), Some(OWN));
    assert_eq!(other("统计局/上层2").as_deref(), Some("inputs"));
}

#[test]
fn linked_folders_that_hold_each_other_are_walked_once() {
    let disk = Disk::new();
    disk.file("elsewhere/内/表.csv");
    disk.link("elsewhere/内/回", "elsewhere");
    disk.link("inputs/统计局/夹", "elsewhere");
    let (read, unread) = disk.told(&["elsewhere"]);
    assert_eq!(read, ["统计局/夹/内/表.csv", "统计局/夹/别处.csv", OWN]);
    assert_eq!(unread, ["SRC-023 statistics 统计局/夹/内/回"]);
}

#[test]
fn what_runs_write_is_never_an_input() {
    let disk = Disk::new();
    disk.link("inputs/统计局/台账", "outputs/.huichi");
    disk.link("inputs/统计局/池.xlsx", "outputs/20260630-1/备选池.xlsx");
    let (read, unread) = disk.told(&["outputs", "elsewhere"]);
    assert_eq!(read, [OWN]);
    assert_eq!(unread, ["SRC-024 statistics 统计局/台账", "SRC-024 statistics 统计局/池.xlsx"], "allowed or not");
    // Outputs below inputs, both in one, and inputs below outputs.
    disk.file("inputs/统计局/out/.huichi/ledger.sqlite");
    disk.file("inputs/统计局/out/20260630-1/池.csv");
    assert_eq!(told(&disk.found("inputs", "inputs/统计局/out", &[])).0, [OWN]);
    disk.file("outputs/统计局/年报.csv");
    disk.link("outputs/latest", "outputs/20260630-1");
    assert_eq!(told(&disk.found("outputs", "outputs", &[])), (vec![OWN.to_owned()], Vec::new()));
}

#[test]
fn pipes_and_sockets_are_told_and_not_opened() {
    let disk = Disk::new();
    mknodat(CWD, disk.at("inputs/统计局/管道.csv"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    mknodat(CWD, disk.at("elsewhere/管道.csv"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    disk.link("inputs/统计局/链.csv", "elsewhere/管道.csv");
    let _socket = std::os::unix::net::UnixListener::bind(disk.at("inputs/统计局/s.csv")).expect("a socket");
    let (read, unread) = disk.told(&["elsewhere"]);
    assert_eq!(read, [OWN]);
    assert_eq!(unread, ["SRC-021 statistics 统计局/s.csv", "SRC-021 statistics 统计局/管道.csv", "SRC-021 statistics 统计局/链.csv"]);
}

#[test]
fn names_of_old_programs_are_read_and_shown() {
    let disk = Disk::new();
    let name = |bytes: &[u8]| disk.at("inputs/统计局").join(OsStr::from_bytes(bytes));
    let (gbk, _, _) = encoding_rs::GBK.encode("年报.csv");
    let (other, _, _) = encoding_rs::GBK.encode("补报.csv");
    for bytes in [&gbk[..], &other[..], b"\xFF\xFE.csv"] {
        fs::write(name(bytes), "").expect("a file");
    }
    let found = disk.found("inputs", "outputs", &[]);
    let read: Vec<(&str, usize)> = found.files.iter().map(|f| (f.path.as_str(), f.seeds.len())).collect();
    assert_eq!(read, [("统计局/%C4%EA%B1%A8.csv", 1), ("统计局/%FF%FE.csv", 1), (OWN, 0), ("统计局/补报.csv", 1)]);
}

#[test]
fn a_folder_that_cannot_be_listed_is_told() {
    let disk = Disk::new();
    let found = disk.found("inputs", "outputs", &[]);
    assert!(found.unread.is_empty());
    let mut walk = Walk {
        root: disk.at("inputs"),
        linked: Vec::new(),
        outputs: None,
        claims: Vec::new(),
        folders: HashMap::new(),
        files: HashMap::new(),
        linked_folders: Vec::new(),
        linked_files: Vec::new(),
        found: Found::default(),
    };
    // As if it went away between its listing and its turn.
    walk.tree(Step { full: disk.at("inputs/没了"), path: "没了".to_owned(), odd: false }).expect("no end");
    assert_eq!(told(&walk.found).1, ["SRC-025  没了"]);
}
