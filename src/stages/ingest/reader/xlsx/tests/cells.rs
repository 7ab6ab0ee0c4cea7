//! Cells: values as stored, and oddities that must not cost the sheet.

use super::super::super::row::CellKind::{Bool, Date, Error, Number, Text};
use super::super::super::testing::{Recorder, read_bytes};
use super::{Parts, with_cells};

fn cells(cells: &str) -> Recorder {
    read_bytes(&with_cells(cells)).expect("readable")
}

fn rows(rows: &str) -> Recorder {
    read_bytes(&Parts::with_rows(rows).build()).expect("readable")
}

#[test]
fn numbers_keep_their_digits() {
    let seen = cells(
        "<c r=\"A1\"><v>110101199003078515</v></c><c r=\"B1\"><v>0.1</v></c><c r=\"C1\" t=\"n\"><v>0.30000000000000004</v></c>\
         <c r=\"D1\" s=\"3\"><v>1E-7</v></c><c r=\"E1\"><v> 5 </v></c>",
    );
    assert_eq!(seen.at(1, 0), Some((Number, "110101199003078515")));
    assert_eq!(seen.at(1, 1), Some((Number, "0.1")));
    assert_eq!(seen.at(1, 2), Some((Number, "0.30000000000000004")));
    assert_eq!(seen.at(1, 3), Some((Number, "1E-7")));
    assert_eq!(seen.at(1, 4), Some((Number, "5")));
    assert!(seen.notes.is_empty());
}

#[test]
fn values_in_pieces_are_whole() {
    let seen = cells(
        "<c r=\"A1\"><v>12<!-- c -->34</v></c><c r=\"B1\"><v><![CDATA[12]]>34</v></c><c r=\"C1\"><v>1&#50;34</v></c>\
         <c r=\"D1\" t=\"str\"><v><![CDATA[a<b]]></v></c><c r=\"E1\"><v><?pi?>7</v></c><x:c xmlns:x=\"y\" r=\"F1\"><x:v>8</x:v></x:c>\
         <c r='G1' foo='a>b'><v >9</v></c>",
    );
    for (column, text) in [(0, "1234"), (1, "1234"), (2, "1234"), (4, "7"), (5, "8"), (6, "9")] {
        assert_eq!(seen.at(1, column), Some((Number, text)), "column {column}");
    }
    assert_eq!(seen.at(1, 3), Some((Text, "a<b")));
    assert!(seen.notes.is_empty());
}

#[test]
fn texts_are_verbatim() {
    let mut parts = Parts::with_rows(
        "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c>\
         <c t=\"inlineStr\"><is><r><t>甲</t></r><r><t> 乙</t></r><rPh sb=\"0\" eb=\"1\"><t>jia</t></rPh></is></c>\
         <c t=\"inlineStr\"><is><t>a&amp;b_x000A_c</t></is></c><c t=\"s\"><v>4</v></c></row>",
    );
    parts.strings = "<sst><si><t> 前后 </t></si><si><r><t>富</t></r><r><rPr/><t xml:space=\"preserve\"> 文本</t></r><phoneticPr/></si>\
                     <si><t>_x005F_x0041_ &lt;&#x6C47;&gt;</t></si><si><t>a_x0000_b</t></si><si/></sst>"
        .to_owned();
    let seen = read_bytes(&parts.build()).expect("readable");
    assert_eq!(seen.at(1, 0), Some((Text, " 前后 ")));
    assert_eq!(seen.at(1, 1), Some((Text, "富 文本")));
    assert_eq!(seen.at(1, 2), Some((Text, "_x0041_ <汇>")));
    assert_eq!(seen.at(1, 3), Some((Text, "a\0b")));
    assert_eq!(seen.at(1, 4), Some((Text, "甲 乙")));
    assert_eq!(seen.at(1, 5), Some((Text, "a&b\nc")));
    assert_eq!(seen.at(1, 6), None, "an empty text is a blank cell");
    assert_eq!(seen.codes(), ["CEL-211"]);
}

#[test]
fn dates_follow_the_format_and_the_epoch() {
    let seen = cells(
        "<c r=\"A1\" s=\"1\"><v>45077</v></c><c r=\"B1\" s=\"2\"><v>45077.5</v></c><c r=\"C1\" s=\"3\"><v>45077</v></c>\
         <c r=\"D1\" s=\"1\"><v>60</v></c><c r=\"E1\" t=\"d\"><v>2024-02-29T00:00:00</v></c><c r=\"F1\" t=\"d\"><v>2024-02-30</v></c>",
    );
    assert_eq!(seen.at(1, 0), Some((Date, "2023-05-31")));
    assert_eq!(seen.at(1, 1), Some((Date, "2023-05-31 12:00:00")));
    assert_eq!(seen.at(1, 2), Some((Number, "45077")), "a format of `dxfs` is not the cells'");
    assert_eq!(seen.at(1, 3), Some((Number, "60")));
    assert_eq!(seen.at(1, 4), Some((Date, "2024-02-29")));
    assert_eq!(seen.at(1, 5), Some((Text, "2024-02-30")));
    assert_eq!(seen.codes(), ["CEL-205", "CEL-212"]);

    let mut parts = Parts::with_rows("<row r=\"1\"><c r=\"A1\" s=\"1\"><v>43615</v></c></row>");
    parts.workbook = parts.workbook.replace("<sheets>", "<workbookPr date1904=\"1\"/><sheets>");
    assert_eq!(read_bytes(&parts.build()).expect("readable").at(1, 0), Some((Date, "2023-05-31")));
}

#[test]
fn a_redefined_builtin_format_decides() {
    let mut parts = Parts::with_rows("<row r=\"1\"><c r=\"A1\" s=\"1\"><v>212.06</v></c></row>");
    parts.styles =
        parts.styles.replace("numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;\"", "numFmtId=\"14\" formatCode=\"0.00\"");
    assert_eq!(read_bytes(&parts.build()).expect("readable").at(1, 0), Some((Number, "212.06")));
}

#[test]
fn a_number_shown_as_a_percentage_is_that_percentage() {
    let mut parts = Parts::with_rows(
        "<row r=\"1\"><c r=\"A1\" s=\"4\"><v>3.5000000000000003E-2</v></c><c r=\"B1\" s=\"4\"><f>7/100</f><v>7.0000000000000007E-2</v></c>\
         <c r=\"C1\" s=\"5\"><v>1</v></c><c r=\"D1\" s=\"5\"><v>-1</v></c><c r=\"E1\" s=\"6\"><v>3.5</v></c>\
         <c r=\"F1\" s=\"4\" t=\"str\"><v>0.035</v></c></row>",
    );
    parts.styles = parts
        .styles
        .replace(
            "</numFmts>",
            "<numFmt numFmtId=\"165\" formatCode=\"0%;-0.00\"/><numFmt numFmtId=\"166\" formatCode=\"0.00\\%\"/></numFmts>",
        )
        .replace("</cellXfs>", "<xf numFmtId=\"10\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/></cellXfs>");
    let seen = read_bytes(&parts.build()).expect("readable");
    let texts = (0..6).map(|column| seen.at(1, column).expect("a cell")).collect::<Vec<_>>();
    assert_eq!(texts, [(Number, "3.5%"), (Number, "7%"), (Number, "100%"), (Number, "-1"), (Number, "3.5"), (Text, "0.035")]);
    assert!(seen.notes.is_empty());
}

#[test]
fn of_a_value_and_a_text_in_one_cell_the_one_of_its_type_counts() {
    for (cell, text, codes) in [
        ("<c r=\"A1\" t=\"inlineStr\"><v>01.</v><is><t>1.</t></is></c>", "1.", vec!["CEL-202"]),
        ("<c r=\"A1\" t=\"inlineStr\"><is><t>1.</t></is><v>1.</v></c>", "1.", vec![]),
        ("<c r=\"A1\" t=\"inlineStr\"><v>1.</v></c>", "1.", vec![]),
        ("<c r=\"A1\" t=\"str\"><is><t>2</t></is><v>1.</v></c>", "1.", vec!["CEL-202"]),
        ("<c r=\"A1\" t=\"str\"><is><t>1.</t></is></c>", "1.", vec![]),
    ] {
        let seen = cells(cell);
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, text)), codes), "{cell}");
    }
}

#[test]
fn formulas_give_their_stored_results() {
    let seen = cells(
        "<c r=\"A1\"><f>1+1</f><v>2</v></c><c r=\"B1\"><f>X()</f></c><c r=\"C1\" t=\"str\"><f>\"\"</f><v></v></c>\
         <c r=\"D1\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c><c r=\"E1\" t=\"b\"><f t=\"shared\" si=\"0\"/><v>1</v></c><c r=\"F1\"><f>Y()</f><v/></c>",
    );
    assert_eq!(seen.cells[&(0, 1, 0)], (Number, true, "2".to_owned()));
    assert_eq!(seen.at(1, 1), None);
    assert_eq!(seen.at(1, 2), None);
    assert_eq!(seen.cells[&(0, 1, 3)], (Error, true, "#DIV/0!".to_owned()));
    assert_eq!(seen.cells[&(0, 1, 4)], (Bool, true, "TRUE".to_owned()));
    let places: Vec<_> = seen.notes.iter().map(|note| (note.code, note.row, note.column)).collect();
    assert_eq!(places, [("CEL-201", Some(1), Some(1)), ("CEL-201", Some(1), Some(5))]);
}

#[test]
fn bad_cells_keep_their_text_and_cost_nothing_else() {
    for (cell, code, kind, text) in [
        ("<c r=\"A1\"><v>1,234</v></c>", "CEL-206", Text, "1,234"),
        ("<c r=\"A1\"><v>NaN</v></c>", "CEL-206", Text, "NaN"),
        ("<c r=\"A1\"><v>1E309</v></c>", "CEL-206", Text, "1E309"),
        ("<c r=\"A1\" t=\"b\"><v>2</v></c>", "CEL-208", Text, "2"),
        ("<c r=\"A1\" t=\"zz\"><v>x</v></c>", "CEL-209", Text, "x"),
        ("<c r=\"A1\" t=\"e\"><v>oops</v></c>", "CEL-216", Error, "oops"),
        ("<c r=\"1A\"><v>3</v></c>", "CEL-213", Number, "3"),
        ("<c r=\"A7\"><v>3</v></c>", "CEL-204", Number, "3"),
        ("<c r=\"A1\" t=\"str\"><v>&nope;</v></c>", "CEL-210", Text, "&nope;"),
    ] {
        let seen = cells(&format!("{cell}<c r=\"Z1\"><v>9</v></c>"));
        assert_eq!(seen.at(1, 0), Some((kind, text)), "{cell}");
        assert_eq!(seen.at(1, 25), Some((Number, "9")), "{cell}");
        assert_eq!(seen.codes(), [code], "{cell}");
    }
    for index in [" 1 ", "+1", "2", "99999999999999999999"] {
        let seen = cells(&format!("<c r=\"A1\" t=\"s\"><v>{index}</v></c><c r=\"Z1\"><v>9</v></c>"));
        assert_eq!((seen.at(1, 0), seen.at(1, 25)), (None, Some((Number, "9"))), "an index is no text");
        assert_eq!(seen.codes(), ["CEL-207"], "{index}");
    }
    let seen = cells("<c r=\"A1\" t=\"e\"><v>#SPILL!</v></c>");
    assert_eq!(seen.at(1, 0), Some((Error, "#SPILL!")));
    assert!(seen.notes.is_empty());
}

#[test]
fn bytes_that_are_no_utf8_are_noted() {
    let mut parts = Parts::with_rows("<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a?b</v></c><c r=\"B1\"><v>1</v></c></row>");
    let at = memchr::memmem::find(&parts.sheet, b"a?b").expect("present");
    parts.sheet[at + 1] = 0xFF;
    let seen = read_bytes(&parts.build()).expect("readable");
    assert_eq!(seen.at(1, 0), Some((Text, "a\u{FFFD}b")));
    assert_eq!(seen.at(1, 1), Some((Number, "1")));
    assert_eq!(seen.codes(), ["CEL-210"]);
}

#[test]
fn addresses_decide_with_care() {
    let seen = rows(
        "<row r=\"2\"><c><v>1</v></c><c r=\"D2\"><v>4</v></c><c><v>5</v></c><c r=\"B2\"><v>2</v></c></row>\
         <row><c r=\"$A$3\"><v>7</v></c></row>",
    );
    for (row, column, text) in [(2, 0, "1"), (2, 1, "2"), (2, 3, "4"), (2, 4, "5"), (3, 0, "7")] {
        assert_eq!(seen.at(row, column), Some((Number, text)));
    }
    assert!(seen.notes.is_empty());

    let seen = cells("<c r=\"B1\"><v>1</v></c><c r=\"B1\"><v>2</v></c>");
    assert_eq!(seen.at(1, 1), Some((Number, "1")));
    assert_eq!(seen.notes[0].args, [("first", "1".to_owned()), ("second", "2".to_owned())]);

    let seen = cells("<c r=\"XFE1\"><v>1</v></c><c r=\"A1\"><v>2</v></c>");
    assert_eq!(seen.cells.len(), 1);
    assert!(seen.codes().contains(&"CEL-203"));

    let seen = rows(
        "<row r=\"2\" hidden=\"1\"/><row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>2</v></c><c r=\"B2\"><v>3</v></c></row>",
    );
    assert_eq!((seen.at(2, 0), seen.at(2, 1)), (Some((Number, "1")), Some((Number, "3"))));
    assert_eq!(seen.hidden_rows, [2]);
    assert_eq!(seen.codes(), ["CEL-214", "CEL-202"]);

    let seen = rows("<row r=\"99999999999\"><c><v>1</v></c></row>");
    assert!(seen.cells.is_empty());
    assert_eq!(seen.codes(), ["CEL-203"]);

    let seen = rows("<row r=\"3\"><c r=\"A3\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>2</v></c></row>");
    assert_eq!((seen.at(3, 0), seen.at(2, 0)), (Some((Number, "1")), None), "a row that comes late is left out");
    assert_eq!(seen.codes(), ["CEL-214"]);

    let row = "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>";
    let seen = rows(&format!("{row}<row r=\"3\"><c r=\"A3\"><v>2</v></c></row>{row}"));
    assert_eq!(seen.cells.len(), 2, "no row number is handed out twice");
    assert_eq!(seen.codes(), ["CEL-214"]);
}

#[test]
fn notes_are_thinned_and_counted() {
    let many: String = (1..=300).map(|row| format!("<row r=\"{row}\"><c><v>x</v></c></row>")).collect();
    let seen = rows(&many);
    assert_eq!(seen.cells.len(), 300);
    assert_eq!(seen.codes().iter().filter(|code| **code == "CEL-206").count(), 200);
    let last = seen.notes.last().expect("a note");
    assert_eq!((last.code, last.args[1].1.as_str()), ("CEL-298", "100"));
}

#[test]
fn cells_across_the_buffer_are_whole() {
    // Far more than one buffer, so that cells of every shape are cut at its end.
    let many: String = (1..=20_000)
        .map(|row| {
            format!("<row r=\"{row}\"><c r=\"A{row}\"><v>{row}</v></c><c r=\"B{row}\" t=\"inlineStr\"><is><t>第{row}行</t></is></c></row>")
        })
        .collect();
    let seen = rows(&many);
    assert_eq!(seen.cells.len(), 40_000);
    for row in 1..=20_000_u32 {
        assert_eq!(seen.at(row, 0), Some((Number, row.to_string().as_str())));
        assert_eq!(seen.at(row, 1), Some((Text, format!("第{row}行").as_str())));
    }
}
