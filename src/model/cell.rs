//! Cell addresses as a spreadsheet shows them: `D17`.
//!
//! Columns are counted from 0; rows carry the number that users see, from 1, in code and on paper alike.

/// Gives the letters of a column counted from 0: 0 is `A`, 26 is `AA`.
pub fn column_letters(column: u32) -> String {
    let mut letters = [0_u8; 7];
    let mut start = letters.len();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        start -= 1;
        let digit = (rest - 1) % 26;
        letters[start] = b'A' + digit as u8;
        rest = (rest - 1) / 26;
    }
    letters[start..].iter().map(|&b| char::from(b)).collect()
}

/// Gives the column, counted from 0, that letters of either case name, or nothing if they name none.
pub fn column_index(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 7 {
        return None;
    }
    let mut index = 0_u64;
    for byte in letters.bytes() {
        if !byte.is_ascii_alphabetic() {
            return None;
        }
        index = index * 26 + u64::from(byte.to_ascii_uppercase() - b'A') + 1;
    }
    u32::try_from(index - 1).ok()
}

/// Gives the address of a cell, the column counted from 0, the row from 1: (3, 17) is `D17`.
pub fn address(column: u32, row: u32) -> String {
    format!("{}{row}", column_letters(column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_of_known_columns() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column_letters(column), letters);
            assert_eq!(column_index(letters), Some(column));
        }
        assert_eq!(column_index("xfd"), Some(16_383));
    }

    #[test]
    fn refuses_what_is_no_column() {
        for text in ["", "A1", "Ａ", "甲", "ZZZZZZZ", "AAAAAAAA"] {
            assert_eq!(column_index(text), None, "{text}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address(3, 17), "D17");
        assert_eq!(address(0, 1), "A1");
        assert_eq!(address(16_383, 1_048_576), "XFD1048576");
        assert_eq!(address(u32::MAX, u32::MAX), "MWLQKWV4294967295");
    }

    proptest! {
        #[test]
        fn letters_lead_back(column in any::<u32>()) {
            prop_assert_eq!(column_index(&column_letters(column)), Some(column));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = column_index(&text);
        }
    }
}
