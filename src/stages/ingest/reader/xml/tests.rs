//! Tests of the token scanner.

use super::*;

/// A stream that gives one byte at a time, so that every token is cut everywhere.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match (self.0.split_first(), out.first_mut()) {
            (Some((byte, rest)), Some(place)) => {
                *place = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

fn tokens(xml: &str) -> Result<Vec<String>, XmlError> {
    let mut scanner = Scanner::new(Box::new(Trickle(xml.as_bytes())), 1 << 20)?;
    let mut tokens = Vec::new();
    loop {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        tokens.push(match scanner.next()? {
            Token::Start(tag) => {
                let attributes: Vec<_> = tag.attributes().map(|(key, value)| format!(" {}={}", text(key), text(value))).collect();
                format!("+{}{}{}", text(tag.name), attributes.concat(), if tag.empty { "/" } else { "" })
            }
            Token::End(name) => format!("-{}", text(name)),
            Token::Text(raw) | Token::CData(raw) => text(raw),
            Token::Eof => return Ok(tokens),
        });
    }
}

#[test]
fn tokens_of_every_kind() {
    let xml = "\u{FEFF}<?xml version=\"1.0\"?><!-- <a> --><x:a b='1>2' c = \"'\"><d/>t&amp;u<![CDATA[<e>]]></x:a >";
    let expected = ["+a b=1>2 c='", "+d/", "t&amp;u", "<e>", "-a"];
    assert_eq!(tokens(xml).expect("sound"), expected);
}

#[test]
fn declarations_and_cut_tokens_are_errors() {
    assert!(matches!(tokens("<!DOCTYPE a><a/>"), Err(XmlError::Doctype)));
    for cut in ["<a", "<a b=\"", "<!-- ", "<![CDATA[ ", "<?pi ", "</a", "<!"] {
        assert!(matches!(tokens(cut), Err(XmlError::Malformed(_))), "{cut}");
    }
}

#[test]
fn long_tokens_are_bounded() {
    let xml = format!("<a>{}</a>", "x".repeat(3 << 20));
    let mut scanner = Scanner::new(Box::new(xml.as_bytes()), 1 << 20).expect("a scanner");
    assert!(matches!(scanner.next(), Ok(Token::Start(_))));
    assert!(matches!(scanner.next(), Err(XmlError::TooLong(_))));
}

#[test]
fn skipping_finds_needles_across_refills() {
    let xml = "abcab<abcd>rest";
    let mut scanner = Scanner::new(Box::new(Trickle(xml.as_bytes())), 1 << 20).expect("a scanner");
    assert!(scanner.skip_past(b"abcd").expect("read"));
    assert!(matches!(scanner.next(), Ok(Token::Text(b">rest"))));
    assert!(!scanner.skip_past(b"abcd").expect("read"));
}

#[test]
fn references_are_resolved_or_kept() {
    for (raw, text, sound) in [
        ("a&lt;&#65;&#x6C47;&apos;", "a<A汇'", true),
        ("x\r\ny\rz", "x\ny\nz", true),
        ("&nope;&", "&nope;&", false),
        ("&#xD800;&#-1;&#+5;", "&#xD800;&#-1;&#+5;", false),
    ] {
        let mut out = String::new();
        assert_eq!((decode(raw.as_bytes(), &mut out), out.as_str()), (sound, text));
    }
}
