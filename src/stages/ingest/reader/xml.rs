//! Cuts XML into tokens over a refillable buffer.
//!
//! Owns: tags, text, CDATA, comments and references, as far as spreadsheet parts need them.
//! Takes: any byte stream in UTF-8 or UTF-16. Gives: [`Token`]s that borrow the buffer.
//! Invariants: memory stays at the buffer (256 KiB) unless one token is larger, and a token is
//! bounded; a document type declaration is refused, so no entity is ever defined or fetched.
//! Deliberately absent: well-formedness beyond the tokens (names of end tags are not compared), and
//! namespaces (prefixes are dropped), since a spreadsheet's parts never reuse a local name.

mod reference;

use std::io::{self, Read};

use memchr::{memchr, memchr3, memmem};

use super::transcode::Transcoder;

pub(super) use self::reference::{decode, push_utf8};

/// Bytes asked of the stream at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// Why a part cannot be cut into tokens.
#[derive(Debug)]
pub(super) enum XmlError {
    /// The stream failed: a damaged archive part.
    Stream(io::Error),
    /// A document type declaration.
    Doctype,
    /// Not XML at this byte offset.
    Malformed(u64),
    /// A token beyond the limit of so many bytes.
    TooLong(usize),
}

impl From<io::Error> for XmlError {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

/// A piece of XML; names are local names without prefix.
#[derive(Debug)]
pub(super) enum Token<'a> {
    /// `<name ...>` or `<name .../>`.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a [u8]),
    /// Text with its references not yet resolved.
    Text(&'a [u8]),
    /// The inside of a CDATA section, taken as it stands.
    CData(&'a [u8]),
    /// The end of the stream.
    Eof,
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Local name.
    pub(super) name: &'a [u8],
    /// Name with its prefix.
    pub(super) qualified: &'a [u8],
    /// Whether the element ends with this tag.
    pub(super) empty: bool,
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Returns the raw value of an attribute by its local name.
    pub(super) fn attribute(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.attributes().find(|(key, _)| local_name(key) == name).map(|(_, value)| value)
    }

    /// Returns an attribute's value with its references resolved.
    pub(super) fn text(&self, name: &[u8]) -> Option<String> {
        self.attribute(name).map(|raw| {
            let mut text = String::with_capacity(raw.len());
            decode(raw, &mut text);
            text
        })
    }

    /// Tells whether an attribute is `1`, `true` or `on`.
    pub(super) fn flag(&self, name: &[u8]) -> bool {
        matches!(self.attribute(name), Some(b"1" | b"true" | b"on"))
    }

    /// Walks over qualified names and raw values.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }
}

/// Iterator over a tag's attributes.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let equals = memchr(b'=', rest)?;
        let key = rest[..equals].trim_ascii_end();
        let value = rest[equals + 1..].trim_ascii_start();
        let quote = *value.first()?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let length = memchr(quote, &value[1..])?;
        self.rest = &value[length + 2..];
        Some((key, &value[1..=length]))
    }
}

/// Cuts a stream into tokens.
pub(super) struct Scanner<'r> {
    source: Box<dyn Read + 'r>,
    buffer: Vec<u8>,
    /// Start of what was not handed out yet.
    at: usize,
    /// End of what was read.
    end: usize,
    /// Whether the stream has ended.
    exhausted: bool,
    /// Offset in the stream of the buffer's first byte.
    base: u64,
    token_bytes: usize,
}

impl<'r> Scanner<'r> {
    /// Makes a scanner; looks at the first bytes for UTF-16.
    pub(super) fn new(source: Box<dyn Read + 'r>, token_bytes: usize) -> Result<Self, XmlError> {
        let mut scanner = Self { source, buffer: vec![0; BUFFER_BYTES], at: 0, end: 0, exhausted: false, base: 0, token_bytes };
        while scanner.end < 4 && scanner.refill()? {}
        let head = &scanner.buffer[..scanner.end];
        if let Some(decoder) = Transcoder::sniff(head) {
            let read = head.to_vec();
            let source = std::mem::replace(&mut scanner.source, Box::new(io::empty()));
            let whole = io::Cursor::new(read).chain(source);
            scanner.source = Box::new(decoder.over(Box::new(whole)));
            scanner.end = 0;
            scanner.exhausted = false;
            scanner.refill()?;
        } else if head.starts_with(b"\xEF\xBB\xBF") {
            scanner.at = 3;
        }
        Ok(scanner)
    }

    /// Returns what was read and not handed out yet, for a caller's own fast path.
    #[inline]
    pub(super) fn ahead(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Marks bytes of [`Scanner::ahead`] as used.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.end);
    }

    /// Returns the offset in the stream of the next token.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Returns the next token.
    pub(super) fn next(&mut self) -> Result<Token<'_>, XmlError> {
        loop {
            if self.at == self.end && !self.refill()? {
                return Ok(Token::Eof);
            }
            if self.buffer[self.at] != b'<' {
                let (start, end) = self.text_end()?;
                return Ok(Token::Text(&self.buffer[start..end]));
            }
            match self.byte(1)? {
                b'!' => {
                    if let Some((start, end)) = self.declaration()? {
                        return Ok(Token::CData(&self.buffer[start..end]));
                    }
                }
                b'?' => {
                    let close = self.find(b"?>", 2)?;
                    self.at += close + 2;
                }
                b'/' => {
                    let close = self.find(b">", 2)?;
                    let (start, end) = (self.at + 2, self.at + close);
                    self.at = end + 1;
                    let name = self.buffer[start..end].trim_ascii_end();
                    return Ok(Token::End(local_name(name)));
                }
                _ => {
                    let close = self.tag_end()?;
                    let (start, end) = (self.at + 1, self.at + close);
                    let offset = self.offset();
                    self.at = end + 1;
                    return tag(&self.buffer[start..end]).map(Token::Start).ok_or(XmlError::Malformed(offset));
                }
            }
        }
    }

    /// Skips to just behind the next occurrence of some bytes, whatever the tokens; false at the end.
    pub(super) fn skip_past(&mut self, needle: &[u8]) -> Result<bool, XmlError> {
        let finder = memmem::Finder::new(needle);
        loop {
            if let Some(found) = finder.find(self.ahead()) {
                self.at += found + needle.len();
                return Ok(true);
            }
            let keep = (needle.len() - 1).min(self.end - self.at);
            self.at = self.end - keep;
            if !self.refill()? {
                self.at = self.end;
                return Ok(false);
            }
        }
    }

    /// Reads the stream to its end, so that its checksum is compared.
    pub(super) fn drain(&mut self) -> Result<(), XmlError> {
        loop {
            self.at = self.end;
            if !self.refill()? {
                return Ok(());
            }
        }
    }

    /// Reads on until `</name>` of the element just begun; the texts inside are appended to `out`.
    pub(super) fn text_until_end(&mut self, name: &[u8], out: &mut String) -> Result<bool, XmlError> {
        let mut sound = true;
        loop {
            let offset = self.offset();
            match self.next()? {
                Token::Text(raw) => sound &= decode(raw, out),
                Token::CData(raw) => sound &= push_utf8(raw, out),
                Token::End(end) if end == name => return Ok(sound),
                Token::End(_) | Token::Start(_) => {}
                Token::Eof => return Err(XmlError::Malformed(offset)),
            }
        }
    }

    /// Moves the rest to the front and reads more; false at the end of the stream.
    fn refill(&mut self) -> Result<bool, XmlError> {
        if self.exhausted {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.base += self.at as u64;
            self.end -= self.at;
            self.at = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= self.token_bytes {
                return Err(XmlError::TooLong(self.token_bytes));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.exhausted = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the byte at a distance from the start of the token.
    fn byte(&mut self, distance: usize) -> Result<u8, XmlError> {
        while self.at + distance >= self.end {
            if !self.refill()? {
                return Err(XmlError::Malformed(self.offset()));
            }
        }
        Ok(self.buffer[self.at + distance])
    }

    /// Returns the distance of some bytes from the start of the token.
    fn find(&mut self, needle: &[u8], from: usize) -> Result<usize, XmlError> {
        let mut from = from;
        loop {
            let ahead = self.ahead();
            if let Some(found) = ahead.get(from..).and_then(|rest| memmem::find(rest, needle)) {
                return Ok(from + found);
            }
            from = from.max((ahead.len() + 1).saturating_sub(needle.len()));
            if !self.refill()? {
                return Err(XmlError::Malformed(self.offset()));
            }
        }
    }

    /// Finds the end of a text and steps over it.
    fn text_end(&mut self) -> Result<(usize, usize), XmlError> {
        let mut from = 0;
        loop {
            if let Some(found) = memchr(b'<', &self.buffer[self.at + from..self.end]) {
                let start = self.at;
                self.at += from + found;
                return Ok((start, self.at));
            }
            from = self.end - self.at;
            if !self.refill()? {
                let start = self.at;
                self.at = self.end;
                return Ok((start, self.end));
            }
        }
    }

    /// Returns the distance of the `>` that closes a start tag; one inside quotes does not count.
    fn tag_end(&mut self) -> Result<usize, XmlError> {
        let mut from = 1;
        let mut quote = None;
        loop {
            let ahead = &self.buffer[self.at + from..self.end];
            let found = match quote {
                Some(quote) => memchr(quote, ahead),
                None => memchr3(b'>', b'"', b'\'', ahead),
            };
            match (found, quote) {
                (Some(found), Some(_)) => {
                    quote = None;
                    from += found + 1;
                }
                (Some(found), None) if ahead[found] == b'>' => return Ok(from + found),
                (Some(found), None) => {
                    quote = Some(ahead[found]);
                    from += found + 1;
                }
                (None, _) => {
                    from = self.end - self.at;
                    if !self.refill()? {
                        return Err(XmlError::Malformed(self.offset()));
                    }
                }
            }
        }
    }

    /// Steps over `<!...>`: comments vanish, CDATA gives its inside, anything else is refused.
    fn declaration(&mut self) -> Result<Option<(usize, usize)>, XmlError> {
        match self.byte(2)? {
            b'-' if self.byte(3)? == b'-' => {
                let close = self.find(b"-->", 4)?;
                self.at += close + 3;
                Ok(None)
            }
            b'[' => {
                self.byte(8)?;
                if !self.ahead().starts_with(b"<![CDATA[") {
                    return Err(XmlError::Malformed(self.offset()));
                }
                let close = self.find(b"]]>", 9)?;
                let range = (self.at + 9, self.at + close);
                self.at += close + 3;
                Ok(Some(range))
            }
            _ => Err(XmlError::Doctype),
        }
    }
}

/// Splits the inside of `<...>` into name and attributes.
fn tag(inside: &[u8]) -> Option<Tag<'_>> {
    let (inside, empty) = match inside.strip_suffix(b"/") {
        Some(rest) => (rest, true),
        None => (inside, false),
    };
    let length = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
    let (qualified, attributes) = inside.split_at(length);
    let name = local_name(qualified);
    (!name.is_empty()).then_some(Tag { name, qualified, empty, attributes })
}

/// Drops the namespace prefix of a name.
fn local_name(name: &[u8]) -> &[u8] {
    match memchr(b':', name) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

#[cfg(test)]
mod tests;
