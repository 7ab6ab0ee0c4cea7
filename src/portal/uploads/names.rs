//! What a browser says a file is called is a claim: only a harmless rest of it is shown, and none names a file here.

/// Characters of a name at most.
const LONGEST: usize = 120;

/// The name as it may be shown; nothing if nothing is left of it.
pub fn shown(claimed: &str) -> Option<String> {
    let last = claimed.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !hidden(*c)).map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = kept.trim_start_matches('.').trim_end_matches(['.', ' ']);
    (!kept.is_empty()).then(|| cut(kept))
}

/// Controls, marks of direction, and what takes no room: none of them can be seen, all of them can deceive.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A long name loses its middle, so that its ending stays.
fn cut(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).chars().count();
    let tail = if ending <= 8 { ending + 1 } else { 0 };
    name.chars().take(LONGEST - tail - 1).chain(['…']).chain(name.chars().skip(length - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_paths_controls_and_direction() {
        for (claimed, want) in [
            ("经营情况.xlsx", Some("经营情况.xlsx")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\a\\表.xls", Some("表.xls")),
            ("a\r\nSet-Cookie: x.xlsx", Some("aSet-Cookie_ x.xlsx")),
            ("表\u{202E}xslx.exe", Some("表xslx.exe")),
            ("a\0b.csv", Some("ab.csv")),
            ("  .hidden  ", Some("hidden")),
            ("CON.", Some("CON")),
            ("\u{200B}\u{202E}", None),
            ("/", None),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(shown(claimed).as_deref(), want, "{claimed:?}");
        }
        let long = shown(&format!("{}.xlsx", "长".repeat(300))).expect("a name");
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("….xlsx"), "{long}");
    }
}
