//! Elements that are stepped over.

use super::super::xml::{Scanner, Token, XmlError};

/// Steps over an element that just began, with all it holds.
pub(super) fn skip(scanner: &mut Scanner<'_>, name: &[u8]) -> Result<(), XmlError> {
    let mut depth = 1;
    while depth > 0 {
        let offset = scanner.offset();
        match scanner.next()? {
            Token::Start(tag) if tag.name == name && !tag.empty => depth += 1,
            Token::End(end) if end == name => depth -= 1,
            Token::Eof => return Err(XmlError::Malformed(offset)),
            _ => {}
        }
    }
    Ok(())
}
