//! How the bytes of an old workbook's texts become characters.
//!
//! Owns: the decision, from the code page that the workbook states and from the look of its texts.
//! Invariants: what is stated is believed, unless it is what programs write without thinking (none, 0, Western) and the
//! bytes look like Chinese; then they are read as Chinese, and the file is told. Bytes that nobody can tell are withheld at their cells.

use encoding_rs::{Encoding, GB18030, MACINTOSH, UTF_8, WINDOWS_1252};

use super::super::text_table::GbCounts;
use super::text::RawText;

/// Characters that stand between the texts when all are looked at together.
const BETWEEN: &[u8] = b"\n";

/// Letters beyond ASCII in a row from which a text is not of a Western language.
const FOREIGN_RUN: usize = 4;

/// What texts of eight bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The lower bytes of UTF-16, which are Latin-1.
    LowerBytes,
    /// Bytes of an encoding.
    Encoded(&'static Encoding),
    /// ASCII is certain, the rest is not.
    Unknown,
}

/// How bytes become characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charset {
    meaning: Meaning,
    /// The code page with which calamine comes to the same; none where it cannot.
    pub(super) for_calamine: Option<u16>,
    /// Encoding and a text as an example, where both rest on the look of the bytes.
    pub(super) inferred: Option<(&'static str, String)>,
}

/// The texts of eight bits of a workbook, as far as they are no ASCII.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    gb: GbCounts,
    texts: u64,
    utf8: u64,
    /// Texts in which letters that are no ASCII follow each other as they never do in Western languages.
    foreign: u64,
    example: Vec<u8>,
}

impl Evidence {
    /// Looks at a text.
    pub(super) fn take(&mut self, text: &RawText<'_>) {
        let Some(bytes) = text.uncertain() else {
            return;
        };
        self.gb.take(bytes);
        self.gb.take(BETWEEN);
        self.texts += 1;
        self.utf8 += u64::from(std::str::from_utf8(bytes).is_ok());
        self.foreign +=
            u64::from(bytes.chunk_by(|a, b| a.is_ascii() == b.is_ascii()).any(|run| !run[0].is_ascii() && run.len() >= FOREIGN_RUN));
        if self.example.is_empty() {
            self.example = bytes.to_vec();
        }
    }

    /// The encoding that the texts look like.
    fn look(&self) -> Option<&'static Encoding> {
        if self.texts == 0 {
            None
        } else if self.utf8 == self.texts {
            Some(UTF_8)
        } else {
            self.gb.plausible().then_some(GB18030)
        }
    }
}

impl Charset {
    /// Decides for a workbook of Excel 97 or later (`wide`) or before.
    pub(super) fn decide(wide: bool, stated: Option<u16>, evidence: &Evidence) -> Self {
        let known = stated.and_then(encoding);
        // UTF-16 without its upper bytes is the rule of Excel 97, whatever code page stands there.
        let certain = if wide { Some(Meaning::LowerBytes) } else { known.map(Meaning::Encoded) };
        let careless = wide || known.is_none_or(|encoding| encoding == WINDOWS_1252);
        let mut charset = Self { meaning: certain.unwrap_or(Meaning::Unknown), for_calamine: None, inferred: None };
        let found = evidence.look().filter(|_| careless);
        if careless && !wide && found.is_none() && 2 * evidence.foreign > evidence.texts {
            charset.meaning = Meaning::Unknown;
        }
        if let Some(encoding) = found {
            charset.meaning = Meaning::Encoded(encoding);
            charset.inferred = Some((encoding.name(), charset.decode(&RawText::Eight(evidence.example.as_slice().into())).0));
        }
        charset.for_calamine = match charset.meaning {
            Meaning::LowerBytes => Some(1_200),
            Meaning::Encoded(_) if wide => None,
            Meaning::Encoded(encoding) if encoding == GB18030 => Some(54_936),
            Meaning::Encoded(encoding) if encoding == UTF_8 => Some(65_001),
            Meaning::Encoded(encoding) if encoding == WINDOWS_1252 => Some(1_252),
            Meaning::Encoded(encoding) if encoding == MACINTOSH => Some(10_000),
            Meaning::Encoded(_) => stated,
            Meaning::Unknown => Some(1_252),
        };
        charset
    }

    /// Makes characters; false if some are not certain.
    pub(super) fn decode(&self, text: &RawText<'_>) -> (String, bool) {
        match (text, self.meaning) {
            (RawText::Sixteen(units), _) => {
                let sound = char::decode_utf16(units.iter().copied()).all(|unit| unit.is_ok());
                (String::from_utf16_lossy(units), sound)
            }
            (RawText::Eight(bytes), Meaning::Encoded(encoding)) => {
                let (text, bad) = encoding.decode_without_bom_handling(bytes);
                (text.into_owned(), !bad)
            }
            (RawText::Eight(bytes), Meaning::LowerBytes) => (bytes.iter().map(|byte| char::from(*byte)).collect(), true),
            (RawText::Eight(bytes), Meaning::Unknown) => {
                let known = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
                (bytes.iter().map(known).collect(), bytes.is_ascii())
            }
        }
    }

    /// Whether calamine makes the same of a text.
    pub(super) fn is_common(&self, text: &RawText<'_>) -> bool {
        self.for_calamine.is_some() || text.uncertain().is_none()
    }
}

/// The encoding of a code page; none where it says nothing of bytes, or where nobody knows its characters.
fn encoding(page: u16) -> Option<&'static Encoding> {
    let label: &[u8] = match page {
        936 | 54_936 => b"gb18030",
        950 => b"big5",
        932 => b"shift_jis",
        949 => b"euc-kr",
        866 => b"ibm866",
        874 => b"windows-874",
        1_250..=1_258 => return Encoding::for_label(format!("windows-{page}").as_bytes()),
        // Excel's own numbers for Western Macintosh and Windows.
        10_000 | 0x8000 => b"macintosh",
        0x8001 | 28_591 | 367 | 20_127 => b"windows-1252",
        10_007 => b"x-mac-cyrillic",
        65_001 => b"utf-8",
        _ => return None,
    };
    Encoding::for_label(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(wide: bool, stated: Option<u16>, texts: &[&[u8]]) -> Charset {
        let mut evidence = Evidence::default();
        texts.iter().for_each(|text| evidence.take(&RawText::Eight((*text).into())));
        Charset::decide(wide, stated, &evidence)
    }

    fn read(charset: &Charset, bytes: &[u8]) -> (String, bool) {
        charset.decode(&RawText::Eight(bytes.into()))
    }

    #[test]
    fn chinese_bytes_are_found_under_pages_written_without_thinking() {
        let bytes = GB18030.encode("企业名称").0.into_owned();
        for (wide, stated) in
            [(false, None), (false, Some(1_252)), (false, Some(0x8001)), (false, Some(0)), (true, Some(1_200)), (true, None)]
        {
            let charset = decided(wide, stated, &[&bytes]);
            assert_eq!(read(&charset, &bytes), ("企业名称".to_owned(), true), "{wide} {stated:?}");
            assert_eq!(charset.inferred, Some(("gb18030", "企业名称".to_owned())));
        }
        let stated = decided(false, Some(936), &[&bytes]);
        assert_eq!((read(&stated, &bytes).0.as_str(), stated.inferred), ("企业名称", None));
    }

    #[test]
    fn what_nobody_can_tell_is_not_certain() {
        let cyrillic = [0xE8, 0xF2, 0xEE, 0xE3, 0xEE];
        for stated in [None, Some(1_252), Some(10_029)] {
            assert!(!read(&decided(false, stated, &[&cyrillic]), &cyrillic).1, "{stated:?}");
        }
        let charset = decided(false, None, &[&cyrillic]);
        assert_eq!(read(&charset, b"12 kg"), ("12 kg".to_owned(), true));
        assert_eq!(read(&decided(false, Some(1_251), &[&cyrillic]), &cyrillic), ("итого".to_owned(), true));
    }

    #[test]
    fn single_letters_of_the_west_stay_what_they_are() {
        let text = b"Gr\xF6\xDFe caf\xE9 25\xB0C";
        let charset = decided(true, None, &[text]);
        assert_eq!((read(&charset, text).0.as_str(), &charset.inferred), ("Größe café 25°C", &None));
    }
}
