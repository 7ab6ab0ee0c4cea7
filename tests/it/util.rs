//! A folder of its own for each test, the program, and its outputs as tables.

use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// A row of a published CSV, by column.
pub type Row = BTreeMap<String, String>;

/// A test's folder: `inputs/`, `outputs/`, `pipeline.toml`.
pub struct Site {
    root: PathBuf,
    _folder: tempfile::TempDir,
}

impl Site {
    /// A site whose configuration pins the reference date and adds the given text.
    pub fn new(as_of: &str, extra: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("inputs")).expect("inputs");
        fs::write(folder.path().join("pipeline.toml"), format!("[run]\nas_of = \"{as_of}\"\n{extra}")).expect("pipeline.toml");
        Self { root: folder.path().to_owned(), _folder: folder }
    }

    /// A path below the site.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Goes on in the site that the program made within this one.
    pub fn enter(&mut self) {
        let mut entries = fs::read_dir(&self.root).expect("the site").filter_map(Result::ok).map(|e| e.path());
        self.root = entries.find(|path| path.join("pipeline.toml").is_file()).expect("a site within");
    }

    /// Writes an input.
    pub fn input(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path("inputs").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("an input");
    }

    /// Copies an input.
    pub fn copy(&self, from: &Path) {
        let name = from.file_name().expect("a name");
        fs::copy(from, self.path("inputs").join(name)).expect("a copy");
    }

    /// The program, in the site's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huichi"));
        command.current_dir(&self.root).args(arguments).env("NO_COLOR", "1");
        command
    }

    /// Runs the program in the site's folder.
    pub fn huichi(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs the pipeline and expects the exit code 0.
    pub fn run(&self) -> Output {
        let output = self.huichi(&["run"]);
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        output
    }

    /// A published dataset of the latest run.
    pub fn table(&self, name: &str) -> Vec<Row> {
        read_csv(&self.path("outputs/latest/data").join(format!("{name}.csv")))
    }

    /// `code sheet cell` of each finding, sorted.
    pub fn findings(&self) -> Vec<String> {
        let mut all: Vec<String> = self.table("findings").iter().map(|r| format!("{} {} {}", r["code"], r["sheet"], r["cell"])).collect();
        all.sort();
        all
    }
}

/// An invented code with valid check characters.
pub fn code(i: u32) -> String {
    let body8 = format!("MAYYK{i:03}");
    let org = huichi::model::org_code::check_digit(&body8).expect("eight characters");
    let body17 = format!("91360783{body8}{org}");
    format!("{body17}{}", huichi::model::uscc::check_digit(&body17).expect("seventeen characters"))
}

/// A directory of some enterprises.
pub fn directory(enterprises: u32) -> String {
    let rows: String = (1..=enterprises).map(|i| format!("{},龙南市第{i}有限公司,专精特新中小企业\n", code(i))).collect();
    format!("统一社会信用代码,企业名称,专精特新等级\n{rows}")
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads a CSV with a byte order mark.
pub fn read_csv(path: &Path) -> Vec<Row> {
    let content = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = csv::Reader::from_reader(content.trim_start_matches('\u{feff}').as_bytes());
    let head: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    reader.records().map(|r| head.iter().cloned().zip(r.expect("a record").iter().map(str::to_owned)).collect()).collect()
}

/// The repository's folder `tests/`.
pub fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The small city of `tests/fixtures/small/`.
pub fn small() -> Site {
    small_with("")
}

/// The small city under further settings.
pub fn small_with(settings: &str) -> Site {
    let site = Site::new("2024-06-30", settings);
    for bureau in ["工信局", "统计局", "市监局"] {
        for entry in fs::read_dir(tests().join("fixtures/small").join(bureau)).expect("the small city") {
            let path = entry.expect("an entry").path();
            site.input(&format!("{bureau}/{}", path.file_name().expect("a name").display()), fs::read(&path).expect("an input"));
        }
    }
    site
}

/// A text without what differs from one run to the next: ids of runs, hashes, moments, how long it took.
pub fn redacted(text: &str) -> String {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let patterns = [
            (r"\d{8}-\d{6}-[0-9a-f]{8}", "‹run›"),
            (r"\b[0-9a-f]{64}\b", "‹sha256›"),
            (r"\b[0-9a-f]{32}\b", "‹id›"),
            (r#"(运行标识：|"key": ")[0-9a-f]{8}"#, "${1}‹key›"),
            (r"[0-9a-f]{8}（汇池", "‹key›（汇池"),
            (r"\b\d+(\.\d+)? 秒", "‹seconds›"),
            (r#""bytes": \d+"#, r#""bytes": "‹bytes›""#),
            (r"\d+ KiB", "‹KiB›"),
            (r#""seconds": \d+"#, r#""seconds": "‹seconds›""#),
            (r"20[0-9]{2}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\+08:?00)?", "‹moment›"),
            (r"127\.0\.0\.1:\d+", "‹address›"),
            (r"csrf=[0-9a-zA-Z_-]+", "csrf=‹word›"),
        ];
        patterns.into_iter().map(|(pattern, with)| (Regex::new(pattern).expect("a pattern"), with)).collect()
    });
    PATTERNS.iter().fold(text.to_owned(), |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
}
