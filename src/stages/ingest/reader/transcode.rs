//! Turns a stream of any encoding into UTF-8 while it is read.
//!
//! Owns: the decoding in pieces, and the detection of UTF-16 at the head of XML.
//! Invariants: memory is one piece (16 KiB in, 48 KiB out), whatever the size of the stream; what
//! cannot be decoded becomes U+FFFD.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

/// Bytes taken from the stream at a time.
const PIECE_BYTES: usize = 16 << 10;

/// Byte order found at the head of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByteOrder(&'static Encoding);

impl ByteOrder {
    /// Reads the whole of a stream in this byte order.
    pub(super) fn over<'r>(self, source: Box<dyn Read + 'r>) -> Transcoder<'r> {
        Transcoder::new(source, self.0)
    }
}

/// A stream that gives another one in UTF-8.
pub(super) struct Transcoder<'r> {
    source: Box<dyn Read + 'r>,
    decoder: Inner,
    piece: Vec<u8>,
    text: String,
    /// Bytes of `text` already handed out.
    taken: usize,
    finished: bool,
}

impl<'r> Transcoder<'r> {
    /// Makes a reader; a mark at the beginning is dropped.
    pub(super) fn new(source: Box<dyn Read + 'r>, encoding: &'static Encoding) -> Self {
        Self {
            source,
            decoder: Inner::Known(encoding.new_decoder_with_bom_removal()),
            piece: vec![0; PIECE_BYTES],
            text: String::with_capacity(3 * PIECE_BYTES + 16),
            taken: 0,
            finished: false,
        }
    }

    /// Makes a reader of UTF-32 that begins with its mark.
    pub(super) fn utf32(source: Box<dyn Read + 'r>, big_endian: bool) -> Self {
        Self { decoder: Inner::Utf32 { big_endian, rest: Vec::with_capacity(4) }, ..Self::new(source, UTF_16LE) }
    }

    /// Recognizes XML in UTF-16 by its mark or by `<` with a NUL beside it.
    pub(super) fn sniff(head: &[u8]) -> Option<ByteOrder> {
        match head {
            [0xFF, 0xFE, ..] | [b'<', 0, _, 0, ..] => Some(ByteOrder(UTF_16LE)),
            [0xFE, 0xFF, ..] | [0, b'<', 0, _, ..] => Some(ByteOrder(UTF_16BE)),
            _ => None,
        }
    }
}

/// How the bytes become characters.
enum Inner {
    Known(Decoder),
    Utf32 {
        big_endian: bool,
        /// Bytes of a character that the last piece cut in two.
        rest: Vec<u8>,
    },
}

impl Inner {
    /// Appends the text of some bytes.
    fn decode(&mut self, bytes: &[u8], text: &mut String, last: bool) {
        match self {
            Self::Known(decoder) => {
                let needed = decoder.max_utf8_buffer_length(bytes.len());
                text.reserve(needed.unwrap_or(3 * PIECE_BYTES + 16));
                let _ = decoder.decode_to_string(bytes, text, last);
            }
            Self::Utf32 { big_endian, rest } => {
                for byte in bytes {
                    rest.push(*byte);
                    if let [a, b, c, d] = rest[..] {
                        let unit = if *big_endian { u32::from_be_bytes([a, b, c, d]) } else { u32::from_le_bytes([a, b, c, d]) };
                        let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                        if character != '\u{FEFF}' {
                            text.push(character);
                        }
                        rest.clear();
                    }
                }
                if last && !rest.is_empty() {
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest.clear();
                }
            }
        }
    }
}

impl Read for Transcoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if self.finished {
                return Ok(0);
            }
            self.text.clear();
            self.taken = 0;
            let count = self.source.read(&mut self.piece)?;
            self.finished = count == 0;
            self.decoder.decode(&self.piece[..count], &mut self.text, self.finished);
        }
        let rest = &self.text.as_bytes()[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_across_pieces() {
        let text = "<x>汇池😀</x>".repeat(5_000);
        for (encoding, big) in [(UTF_16LE, false), (UTF_16BE, true)] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
            assert!(Transcoder::sniff(&bytes).is_some());
            let mut read = String::new();
            Transcoder::new(Box::new(bytes.as_slice()), encoding).read_to_string(&mut read).expect("in memory");
            assert_eq!(read, text);
        }
    }

    #[test]
    fn plain_xml_is_no_utf16() {
        assert!(Transcoder::sniff(b"<?xml version").is_none());
    }
}
