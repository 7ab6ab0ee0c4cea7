//! Error values as the binary formats code them (MS-XLS 2.5.10 BErr, MS-XLSB 2.5.97.2).

/// The text of an error's code, if there is such an error.
pub(super) fn text(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => return None,
    })
}
