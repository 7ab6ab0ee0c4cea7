//! What lies in store, cache and runs may go or change: it is made anew, or named, and never told as it is not.

use crate::city;
use crate::util::{Site, directory, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
    let site = city::site("");
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
        forget_latest(&site);
        site.run();
        same(&site, &first, &format!("{what}, and what was made anew"));
    }
}

#[test]
fn an_original_that_is_damaged_is_pinned_anew_from_inputs() {
    let site = city::site("");
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

#[test]
fn an_output_that_is_gone_or_changed_is_not_unchanged() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局_名录.csv", directory(3));
    site.run();
    let first = published(&site);
    let hurts: [(&str, fn(&Path)); 5] = [
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
