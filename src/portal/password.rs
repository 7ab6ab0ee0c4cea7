//! Passwords: argon2id with the parameters of RFC 9106's second recommendation at least (the crate's defaults are
//! OWASP's), hashed away from the threads that serve pages.

use super::error::PortalError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use unicode_normalization::UnicodeNormalization;

/// Shortest password taken.
pub const SHORTEST: u64 = 10;

/// Hashes a password into a PHC string.
pub fn hash(password: &str) -> Result<String, PortalError> {
    Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()).map_err(|e| PortalError::bug(e.to_string()))
}

/// Whether a password is the one that was hashed.
pub fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The hash of a password that nobody has; to check it takes as long as any other.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is tried first, by people and programs alike: words, and rows of keys.
const COMMON: &str = include_str!("passwords.txt");

/// Whether a password is one of those that are tried first: a word of the list whatever stands around it, a row of keys, or
/// few letters again and again.
pub fn is_common(password: &str) -> bool {
    let small: String = password.nfkc().collect::<String>().to_lowercase();
    let few = small.chars().collect::<std::collections::HashSet<_>>().len() < 5;
    let plain: String = small.chars().filter(|c| c.is_alphanumeric()).collect();
    // `P@ssw0rd2026`: the years at the end are no letters, what stands within may be.
    let core = small.trim_matches(|c: char| !c.is_alphabetic());
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    let read = letters(&core.chars().map(letter).collect::<String>());
    let words = [plain, letters(&small), read];
    few || COMMON.lines().map(str::trim).filter(|w| !w.is_empty()).any(|word| words.iter().any(|w| w == word)) || is_row(&words[0])
}

/// The letter that a sign is written for.
fn letter(sign: char) -> char {
    match sign {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether most of a text goes up or down by one, or stays: `abc123456789`, `98765432100a`.
fn is_row(text: &str) -> bool {
    let signs: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = signs.windows(2).filter(|pair| (pair[1] - pair[0]).abs() <= 1).count();
    signs.len() >= 8 && steps * 4 >= (signs.len() - 1) * 3
}

/// A random word that cannot be guessed: 160 bits in letters and digits that are not mistaken for one another.
pub fn secret() -> String {
    use rand::Rng;
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_passes() -> Result<(), PortalError> {
        let phc = hash("correct horse")?;
        assert!(phc.starts_with("$argon2id$"));
        assert!(verify("correct horse", &phc) && !verify("correct hors", &phc) && !verify("", &phc) && !verify("x", "no hash"));
        Ok(())
    }

    #[test]
    fn nobodys_password_takes_as_long_as_any_other() -> Result<(), Box<dyn std::error::Error>> {
        let parameters =
            |phc: &str| PasswordHash::new(phc).map(|h| (h.algorithm.to_string(), h.params.to_string(), h.hash.map(|o| o.as_bytes().len())));
        let anybodys = hash("correct horse").map_err(|e| format!("{e:?}"))?;
        assert_eq!(parameters(NOBODY)?, parameters(&anybodys)?);
        assert!(!verify("", NOBODY));
        Ok(())
    }

    #[test]
    fn what_is_tried_first_is_common() {
        for common in [
            "Password2026!",
            "P@ssw0rd123456",
            "1q2w3e4r5t6y",
            "1qaz2wsx3edc",
            "admin@12345678",
            "ADMIN-20260101",
            "abc123456789",
            "a1234567890",
            "aaaaaaaaaaa1",
            "12121212121a",
            "qwertyuiop123",
            "woaini520520",
            "huichi@2026!!",
            "汇池2026123456",
            "Ｐａｓｓｗｏｒｄ2026",
            "9876543210a",
        ] {
            assert!(is_common(common), "{common}");
        }
        for good in ["horse-42-pool", "river-17-boat", "七条小河-绕过柳树", "kx7-vw2m-pq94", "统计月报要在5日前", "wang-19870512-li"]
        {
            assert!(!is_common(good), "{good}");
        }
    }
}
