//! Nothing that is computed depends on the order in which records are read, how many at a time, in how many parts, or how much
//! memory there is for it.

use crate::util::{Site, small_with};
use std::collections::BTreeMap;
use std::fs;

/// Every file of the last run with its bytes.
fn published(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let latest = site.path("outputs/latest");
    let files = walkdir::WalkDir::new(&latest).follow_links(true).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
    files
        .map(|file| {
            let name = file.path().strip_prefix(&latest).expect("below the run").display().to_string();
            (name, fs::read(file.path()).expect("a file"))
        })
        .collect()
}

/// Runs a site in many ways, and holds every file of every run against the first.
fn is_the_same_in_any_way(site: impl Fn(&str) -> Site, engines: &[&str]) {
    let made_by = |engine: &str| {
        let site = site(&format!("[engine]\n{engine}\n"));
        site.run();
        published(&site)
    };
    let first = made_by("");
    assert!(first.len() > 10, "{:?}", first.keys());
    for engine in engines {
        let made = made_by(engine);
        assert_eq!(made.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>(), "{engine}");
        let differ: Vec<&String> = made.iter().filter(|(name, bytes)| first[*name] != **bytes).map(|(name, _)| name).collect();
        assert_eq!(differ, Vec::<&String>::new(), "{engine}");
    }
}

#[test]
fn neither_order_nor_batches_nor_parts_nor_memory_decide_anything() {
    let engines = ["batch_rows = 2\npartitions = 7\nshuffle = 7", "memory = \"64MiB\"\npartitions = 7\nbatch_rows = 100\nshuffle = 12345"];
    is_the_same_in_any_way(small_with, &engines);
}

#[test]
#[ignore = "a city in four ways: run by .ci/run"]
fn neither_order_nor_batches_nor_parts_nor_memory_decide_anything_of_a_city() {
    let engines = [
        "batch_rows = 100\npartitions = 1\nshuffle = 1",
        "batch_rows = 8192\npartitions = 7\nshuffle = 2",
        "batch_rows = 50\npartitions = 3\nshuffle = 99\nmemory = \"64MiB\"",
    ];
    let city = |settings: &str| {
        let site = crate::city::site("");
        let own = fs::read_to_string(site.path("pipeline.toml")).expect("settings");
        fs::write(site.path("pipeline.toml"), format!("{own}\n{settings}")).expect("written");
        site
    };
    is_the_same_in_any_way(city, &engines);
}
