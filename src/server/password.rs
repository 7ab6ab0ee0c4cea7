//! Passwords: argon2id with the parameters of RFC 9106's second recommendation at least (the crate's defaults are
//! OWASP's), hashed away from the threads that serve pages.

use super::error::PageError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Shortest password taken.
pub const SHORTEST: u64 = 10;

/// Hashes a password into a PHC string.
pub fn hash(password: &str) -> Result<String, PageError> {
    Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()).map_err(|e| PageError::bug(e.to_string()))
}

/// Whether a password is the one that was hashed.
pub fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
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
    fn only_the_password_itself_passes() -> Result<(), PageError> {
        let phc = hash("correct horse")?;
        assert!(phc.starts_with("$argon2id$"));
        assert!(verify("correct horse", &phc) && !verify("correct hors", &phc) && !verify("", &phc) && !verify("x", "no hash"));
        Ok(())
    }
}
