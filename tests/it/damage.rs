//! What lies in store, cache and runs may go or change: it is made anew, or named, and never told as it is not.

use crate::util::{Site, directory, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A site with returns and a directory of so many enterprises.
fn site(enterprises: u32) -> Site {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(enterprises));
    site.input(
        "统计局_经营情况.csv",
        "企业经营情况（2023年）,,\n单位：千元,,\n统一社会信用代码,企业名称,营业收入\n,龙南市第1有限公司,26\n合计,,26\n",
    );
    site
}

/// Files below a folder, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.expect("an entry"));
    entries.filter(|e| e.file_type().is_file()).map(|e| e.into_path()).collect()
}

/// What the latest run published.
fn published(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let run = latest(site);
    files(&run).into_iter().map(|f| (f.strip_prefix(&run).expect("below").display().to_string(), fs::read(&f).expect("a file"))).collect()
}

fn latest(site: &Site) -> PathBuf {
    fs::canonicalize(site.path("outputs/latest")).expect("latest")
}

/// Turns one bit in the middle of a file.
fn flip(file: &Path) {
    let mut bytes = fs::read(file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(file, bytes).expect("written");
}

/// Lets the next run compute, whatever stands.
fn forget_latest(site: &Site) {
    fs::remove_file(site.path("outputs/latest")).expect("a link");
}

fn same(site: &Site, first: &BTreeMap<String, Vec<u8>>, what: &str) {
    let now = published(site);
    assert_eq!(now.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in first {
        assert!(now[name] == *bytes, "{name} differs: {what}");
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Every file of the store is named by its content.
fn store_is_sound(site: &Site) -> bool {
    let all = files(&site.path("outputs/.huichi/store"));
    !all.is_empty() && all.iter().all(|f| sha256(&fs::read(f).expect("a file")) == f.file_name().expect("a name").to_string_lossy())
}

#[test]
fn a_bad_entry_of_the_cache_is_made_anew_and_stops_nobody() {
    let site = site(3);
    site.run();
    let first = published(&site);
    let cache = site.path("outputs/.huichi/cache");
    let all = || files(&cache);
    // Every file of the cache at once, as a failing disk would.
    let every = |hurt: &dyn Fn(&Path)| all().iter().for_each(|f| hurt(f));
    type Hurt<'a> = (&'a str, Box<dyn Fn() + 'a>);
    let hurts: Vec<Hurt<'_>> = vec![
        ("deleted", Box::new(|| every(&|f| fs::remove_file(f).expect("removed")))),
        ("a bit turned", Box::new(|| every(&flip))),
        ("cut", Box::new(|| every(&|f| fs::write(f, &fs::read(f).expect("read")[1..]).expect("written")))),
        ("folders instead of files", Box::new(|| every(&|f| fs::remove_file(f).and_then(|()| fs::create_dir(f)).expect("a folder")))),
        (
            "files instead of entries, and what is foreign",
            Box::new(|| {
                for entry in fs::read_dir(&cache).expect("entries").map(|e| e.expect("an entry").path()) {
                    fs::remove_dir_all(&entry).and_then(|()| fs::write(&entry, "x")).expect("a file");
                }
                fs::write(cache.join("readme.txt"), "x").expect("written");
            }),
        ),
        (
            "entries that changed places",
            Box::new(|| {
                let entries: Vec<PathBuf> = fs::read_dir(&cache).expect("entries").map(|e| e.expect("an entry").path()).collect();
                let aside = site.path("aside");
                for pair in entries.chunks(2).filter(|p| p.len() == 2) {
                    fs::rename(&pair[0], &aside).and_then(|()| fs::rename(&pair[1], &pair[0])).expect("moved");
                    fs::rename(&aside, &pair[1]).expect("moved");
                }
            }),
        ),
        ("a file instead of all", Box::new(|| fs::remove_dir_all(&cache).and_then(|()| fs::write(&cache, "x")).expect("a file"))),
    ];
    for (what, hurt) in hurts {
        hurt();
        forget_latest(&site);
        site.run();
        same(&site, &first, what);
    }
    forget_latest(&site);
    site.run();
    same(&site, &first, "what was made anew is as good");
}

#[test]
fn an_original_that_is_damaged_is_pinned_anew_from_inputs() {
    let site = site(3);
    site.run();
    let first = published(&site);
    let store = site.path("outputs/.huichi/store");
    for hurt in [
        flip,
        |f: &Path| fs::remove_file(f).expect("removed"),
        |f: &Path| {
            fs::remove_file(f).and_then(|()| fs::create_dir(f)).expect("a folder");
        },
    ] {
        for file in files(&store) {
            hurt(&file);
        }
        // What the damaged originals once gave is gone, too.
        fs::remove_dir_all(site.path("outputs/.huichi/cache")).expect("removed");
        forget_latest(&site);
        site.run();
        same(&site, &first, "pinned anew");
        assert!(store_is_sound(&site));
    }
    files(&store).iter().for_each(|f| flip(f));
    assert!(text(&site.run().stdout).contains("均无变化"), "the inputs are what they were");
    assert!(store_is_sound(&site), "a run that changes nothing mends the store all the same");
}

/// What is done to a file.
type Hurt = fn(&Path);

#[test]
fn an_output_that_is_gone_or_changed_is_not_unchanged() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    site.run();
    let first = published(&site);
    let hurts: [(&str, Hurt); 5] = [
        ("备选池.xlsx", |f| fs::remove_file(f).expect("removed")),
        ("data/enterprises.csv", |f| {
            let changed = fs::read_to_string(f).expect("text").replace("第2", "第9");
            fs::write(f, changed).expect("written");
        }),
        ("data/enterprises.parquet", flip),
        ("run.json", |f| {
            let changed = fs::read_to_string(f).expect("text").replace("2024-06-30", "2024-06-29");
            fs::write(f, changed).expect("written");
        }),
        ("data", |f| fs::remove_dir_all(f).expect("removed")),
    ];
    for (file, hurt) in hurts {
        hurt(&latest(&site).join(file));
        let again = site.run();
        assert!(!text(&again.stdout).contains("均无变化"), "{file}: {}", text(&again.stdout));
        same(&site, &first, file);
        assert!(text(&site.run().stdout).contains("均无变化"), "{file} stands again");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_same_bytes_is_not_what_a_run_published() {
    use std::os::unix::fs::symlink;
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    site.run();
    for part in ["data", "备选池.xlsx", "data/enterprises.csv", "run.json", ""] {
        let run = latest(&site);
        let path = run.join(part).components().collect::<PathBuf>();
        fs::rename(&path, site.path("moved")).and_then(|()| symlink(site.path("moved"), &path)).expect("a link");
        let again = site.run();
        assert!(!text(&again.stdout).contains("均无变化"), "{part}: {}", text(&again.stdout));
        assert!(latest(&site) != run && text(&site.run().stdout).contains("均无变化"), "{part}: made anew once");
        fs::remove_file(&path).and_then(|()| fs::rename(site.path("moved"), &path)).expect("back");
    }
    symlink("/etc", latest(&site).join("data/more")).expect("a link");
    assert!(!text(&site.run().stdout).contains("均无变化"), "a link that nobody wrote");
}

/// Runs the program under a limit on the size of each file that it writes: the disk takes no more than so many blocks.
#[cfg(unix)]
fn run_within(site: &Site, kib: u64) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" run", kib * 2);
    let shell = Command::new("sh").current_dir(site.path("")).args(["-c", &script, env!("CARGO_BIN_EXE_huichi")]).output();
    shell.expect("a shell")
}

fn as_of(site: &Site, day: usize) {
    fs::write(site.path("pipeline.toml"), format!("[run]\nas_of = \"2024-06-{day:02}\"\n")).expect("pipeline.toml");
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_ends_the_run_with_what_is_needed_and_latest_stays() {
    // Their sheets come to more than a megabyte.
    let site = site(900);
    as_of(&site, 30);
    site.run();
    let (first, run) = (published(&site), latest(&site));
    as_of(&site, 29);
    let mut stopped_at = Vec::new();
    // From the ledger, over the cache and the datasets, to the sheets as they grow.
    for kib in [4, 64, 512] {
        let output = run_within(&site, kib);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{kib} KiB: {told}");
        assert!(!told.contains("panicked") && (told.contains("ERR-06") || told.contains("ERR-00")), "{kib} KiB: {told}");
        stopped_at.push((kib, told.contains("ERR-061") && told.contains("字节")));
        assert_eq!(latest(&site), run, "{kib} KiB");
        same(&site, &first, "a disk that takes no more");
    }
    assert_eq!(stopped_at.last(), Some(&(512, true)), "the sheets as they grow: it says what is needed");
    let left: Vec<_> = fs::read_dir(site.path("outputs/.huichi")).expect("the state").map(|e| e.expect("an entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("run-")), "nothing is left behind: {left:?}");
    as_of(&site, 30);
    forget_latest(&site);
    site.run();
    same(&site, &first, "once there is room again");
}

#[cfg(unix)]
#[test]
fn nobody_listening_is_no_defect() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    let unheard = |arguments: &[&str]| {
        let pipe = || {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            writer
        };
        let mut command = site.command(arguments);
        command.stdin(Stdio::null()).stdout(pipe()).stderr(pipe()).env("HUICHI_LOG", "trace").status().expect("the program starts").code()
    };
    assert_eq!(unheard(&["run"]), Some(0));
    assert!(site.path("outputs/latest/run.json").is_file(), "the run went on to its end");
    assert_eq!(unheard(&["config"]), Some(0));
    assert_eq!(unheard(&["--help"]), Some(0));
    assert_eq!(unheard(&["explain", "ERR-001"]), Some(0));
    assert_eq!(unheard(&["explain", "NONE-1"]), Some(2), "what is wrong is wrong, though nobody hears it");
    assert_eq!(unheard(&["run", "--unknown"]), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_told_and_is_no_success() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    let printed = |arguments: &[&str]| {
        let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let output = site.command(arguments).stdout(full).output().expect("the program starts");
        (output.status.code(), text(&output.stderr))
    };
    let commands: [&[&str]; 17] = [
        &["run"],
        &["run", "--quiet", "--format", "json"],
        &["check"],
        &["check", "inputs/工信局_名录.csv"],
        &["explain"],
        &["explain", "ERR-001"],
        &["config"],
        &["sample", "--inputs", "sample"],
        &["user", "add", "anna", "--role", "member"],
        &["user", "list"],
        &["token", "add", "tool", "--role", "operator"],
        &["audit", "verify"],
        &["backup", "copy"],
        &["restore", "copy", "--outputs", "elsewhere"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ];
    for arguments in commands {
        let (code, said) = printed(arguments);
        assert_eq!(code, Some(6), "{arguments:?}: {said}");
        assert!(said.contains("ERR-083") && said.contains("磁盘空间不足"), "{arguments:?}: {said}");
    }
    let (_, said) = printed(&["config", "--lang", "en", "--format", "json"]);
    assert!(said.contains("\"error\":\"ERR-083\"") && said.contains("the disk is full"), "{said}");
    assert!(site.path("outputs/latest/run.json").is_file() && site.path("copy/manifest.json").is_file(), "what was done stands");
}

#[test]
fn no_larger_file_is_promised_than_the_readers_take() {
    for setting in ["[limits]\nfile_mib = 513\n", "[portal]\nupload_mib = 513\n"] {
        let site = Site::new("2024-06-30", setting);
        let output = site.huichi(&["check"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("512") && text(&output.stderr).contains("pipeline.toml:4"), "{}", text(&output.stderr));
        let site = Site::new("2024-06-30", &setting.replace("513", "512"));
        assert_eq!(site.huichi(&["check"]).status.code(), Some(0));
    }
}

#[test]
fn a_run_that_the_ledger_does_not_take_is_not_the_latest() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    let ledger = || rusqlite::Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, 'no room'); END";
    site.run();
    let first = latest(&site);
    ledger().execute_batch(refuse).expect("a trigger");
    site.input("工信局_名录.csv", directory(4));
    assert_eq!(site.huichi(&["run"]).status.code(), Some(6));
    assert_eq!(latest(&site), first);
    forget_latest(&site);
    assert_eq!(site.huichi(&["run"]).status.code(), Some(6));
    assert!(!site.path("outputs/latest").exists() && !site.path("outputs/latest").is_symlink(), "there was none");
    ledger().execute_batch("DROP TRIGGER refuse").expect("no trigger");
    site.run();
    assert_eq!(site.table("enterprises").len(), 4);
}
