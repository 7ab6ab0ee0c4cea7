//! The settings that decide what a run's result is, as one text: what identifies them, and what a run keeps of them.
//!
//! Invariant: the text holds no secret and no address of one, and the settings made of it have the same text again. The
//! built-in settings of the build that reads it are not laid under it; a setting that an earlier build did not know has what
//! its type defaults to.

use toml::{Table, Value};

/// Sections that say how a machine is used, or who is told what: nothing that is computed rests on them.
const ASIDE: [&str; 7] = ["paths", "limits", "engine", "portal", "schedule", "notice", "retention"];
/// What of a source decides nothing that is computed: when its forms are due, and where its files are fetched. What came from
/// there is an input like any other, under the name that the record keeps.
const ASIDE_OF_SOURCES: [&str; 2] = ["due", "http"];
/// What of `[run]` does: the record keeps the reference date itself.
const ASIDE_OF_RUNS: [&str; 2] = ["as_of", "fail_above"];

/// The settings that count, of all that are in force.
pub(super) fn that_count(merged: &Table) -> String {
    let mut table = merged.clone();
    ASIDE.iter().for_each(|section| _ = table.remove(*section));
    let sources = table.get_mut("source").and_then(Value::as_table_mut).into_iter().flatten();
    for source in sources.filter_map(|(_, source)| source.as_table_mut()) {
        ASIDE_OF_SOURCES.iter().for_each(|key| _ = source.remove(*key));
    }
    if let Some(Value::Table(run)) = table.get_mut("run") {
        ASIDE_OF_RUNS.iter().for_each(|key| _ = run.remove(*key));
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, load};
    use proptest::prelude::*;
    use std::path::Path;

    /// Settings of a run, and the same as its folder keeps them.
    fn again(site: &str) -> (Config, Config) {
        let config = load(site, Path::new("/nowhere")).unwrap_or_else(|problems| panic!("{site}: {problems:?}"));
        let today = load("[run]\nas_of = \"2030-01-01\"\nlang = \"en\"\n", Path::new("/elsewhere")).expect("settings of another day");
        let kept = today.under(config.fingerprint(), config.as_of).unwrap_or_else(|error| panic!("{site}: {error}"));
        (config, kept)
    }

    /// All that is computed by, as text.
    fn computed_by(config: &Config) -> String {
        let sources = config.source.values().map(|s| (&s.bureau, &s.forms, s.registry, s.disabled)).collect::<Vec<_>>();
        let (form, codes, edit, merge) = (&config.form, &config.codes, &config.edit, &config.merge);
        let (given, criterion, output) = (&config.enterprise, &config.criterion, &config.output);
        format!(
            "{:?} {form:?} {codes:?} {edit:?} {merge:?} {given:?} {:?} {criterion:?} {output:?} {sources:?} {}",
            config.run.lang, config.pool, config.as_of
        )
    }

    fn assert_equal(site: &str) {
        let (config, kept) = again(site);
        assert_eq!(kept.fingerprint(), config.fingerprint());
        assert_eq!(computed_by(&kept), computed_by(&config));
        assert_eq!((kept.outputs.as_path(), kept.inputs.as_path()), (Path::new("/elsewhere/outputs"), Path::new("/elsewhere/inputs")));
    }

    #[test]
    fn settings_made_of_their_text_are_the_same_and_have_it_again() {
        let forms = include_str!("../../tests/forms/pipeline.toml");
        let sample = include_str!("../../pipeline.toml");
        let less = "[form.needs]\ndisabled = true\n[form.patents]\ndisabled = true\n[pool]\ndrawn = []\n";
        for site in ["[run]\nas_of = \"2024-06-30\"\n", forms, sample, less] {
            assert_equal(site);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_site_changes_comes_back(
            label in "[\\p{Han}a-z\"\\\\\n'# ]{1,12}", day in 1..28u32, kept in any::<bool>(), en in any::<bool>(),
        ) {
            let mut site = toml::Table::new();
            let run = format!("as_of = '2024-02-{day:02}'\nlang = '{}'", if en { "en" } else { "zh" });
            site.insert("run".into(), toml::Value::Table(toml::from_str(&run)?));
            let label = toml::Value::String(format!("表{label}"));
            let own = format!("[returns]\ntitle = {label}\n[returns.field.revenue]\nlabel = {label}\naliases = [{label}]");
            site.insert("form".into(), toml::Value::Table(toml::from_str(&own)?));
            if kept {
                site.insert("retention".into(), toml::Value::Table(toml::from_str("runs_kept = 7")?));
            }
            assert_equal(&site.to_string());
        }
    }

    #[test]
    fn no_secret_and_no_address_is_kept() {
        let site = "
            [run]\nas_of = '2024-06-30'\n
            [portal]\nmetrics_token = { env = 'WORD_OF_METRICS' }\n
            [[notice]]\nkind = 'wecom'\nurl = { env = 'ADDRESS_OF_GROUP' }\nevents = ['run_failed']\n
            [[source.market.http]]\nurl = 'https://data.example.gov.cn/patents?key=geheim'\nname = '专利.csv'\nuser = 'reader-7'\npassword = { file = '/run/secrets/market' }\n
            [[source.market.http]]\nurl = { file = '/run/secrets/address' }\nname = '专利二.csv'\n";
        let config = load(site, Path::new("/nowhere")).expect("settings");
        let text = config.fingerprint();
        for word in ["geheim", "example.gov.cn", "/run/secrets", "WORD_OF_METRICS", "ADDRESS_OF_GROUP", "password", "reader-7"] {
            assert!(!text.contains(word), "{word}");
        }
        assert_equal(site);
        let inside = load(&site.replace("https://data", "https://u:geheim@data"), Path::new("/nowhere")).expect_err("a password in clear");
        assert!(!format!("{inside:?}").contains("geheim"));
    }
}
