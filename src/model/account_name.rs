//! Names of accounts: what is typed to sign in and what the audit log shows.

/// Fewest and most characters.
pub const LENGTH: (usize, usize) = (2, 32);

/// Who acts where no account does; nobody may carry these names.
pub const RESERVED: [&str; 2] = ["system", "command_line"];

/// Whether an account may carry a name: letters, digits, hanzi, `.`, `_` and `-`, beginning with one of the first three.
pub fn may_be_carried(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}');
    let length = name.chars().count();
    (LENGTH.0..=LENGTH.1).contains(&length)
        && name.chars().all(|c| word(c) || matches!(c, '.' | '_' | '-'))
        && name.starts_with(word)
        && !RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_that_nobody_mistakes_for_the_portal() {
        for good in ["wang", "统计局-王芳", "w.li_2", "王芳"] {
            assert!(may_be_carried(good), "{good}");
        }
        for bad in ["w", "王", "wang li", "-wang", "token:x", "System", "command_line", "wang\u{202e}", "ｗａｎｇ", "=cmd", &"w".repeat(33)]
        {
            assert!(!may_be_carried(bad), "{bad}");
        }
    }
}
