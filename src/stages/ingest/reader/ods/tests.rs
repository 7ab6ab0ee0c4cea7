//! Tests of the .ods reader.

use super::super::row::CellKind::{Bool, Date, Error, Number, Text};
use super::super::row::{FileKind, Span};
use super::super::testing::{Recorder, archive, read_bytes, read_named, refused};

const KIND: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

fn file(tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:automatic-styles>\
         <style:style style:name=\"ta1\"><style:table-properties table:display=\"true\"/></style:style>\
         <style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>\
         <office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[("mimetype", KIND), ("content.xml", content.as_bytes())])
}

fn rows(rows: &str) -> Recorder {
    read_bytes(&file(&format!("<table:table table:name=\"表\">{rows}</table:table>"))).expect("readable")
}

#[test]
fn values_of_every_type() {
    let seen = rows(
        "<table:table-row><table:table-cell office:value-type=\"float\" office:value=\"0.1\"><text:p>0.10</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"percentage\" office:value=\"0.05\"><text:p>5%</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2023-05-31\"><text:p>23/5/31</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"boolean\" office:boolean-value=\"true\"><text:p>真</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\" calcext:value-type=\"error\" table:formula=\"of:=1/0\"><text:p>#DIV/0!</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>甲<text:s text:c=\"2\"/>&amp;<text:span>乙</text:span></text:p><text:p>丙</text:p><office:annotation><text:p>批注</text:p></office:annotation></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2024-02-30\"/>\
         <table:table-cell office:value-type=\"float\" office:value=\"NaN\"/>\
         <table:table-cell table:formula=\"of:=X()\"/></table:table-row>",
    );
    assert_eq!(seen.at(1, 0), Some((Number, "0.1")));
    assert_eq!(seen.at(1, 1), Some((Number, "5%")));
    assert_eq!(seen.at(1, 2), Some((Date, "2023-05-31")));
    assert_eq!(seen.at(1, 3), Some((Bool, "TRUE")));
    assert_eq!(seen.cells[&(0, 1, 4)], (Error, true, "#DIV/0!".to_owned()));
    assert_eq!(seen.at(1, 5), Some((Text, "甲  &乙\n丙")));
    assert_eq!(seen.at(1, 6), Some((Text, "2024-02-30")));
    assert_eq!(seen.at(1, 7), Some((Text, "NaN")));
    assert_eq!(seen.codes(), ["CEL-212", "CEL-206", "CEL-201"]);
}

#[test]
fn repeats_spans_and_hidden_places() {
    let bytes = file(
        "<table:table table:name=\"甲\" table:style-name=\"ta1\"><table:table-column/><table:table-column table:number-columns-repeated=\"2\" table:visibility=\"collapse\"/>\
         <table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
         <table:table-row table:visibility=\"filter\"><table:table-cell/><table:table-cell table:number-columns-spanned=\"2\" table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>题</text:p></table:table-cell><table:covered-table-cell/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"3\" office:value-type=\"float\" office:value=\"7\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>\
         <table:table table:name=\"乙\" table:style-name=\"ta2\"><table:shapes><draw:frame><table:table><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"9\"/></table:table-row></table:table></draw:frame></table:shapes><table:table-row/></table:table>",
    );
    let (facts, seen) = read_named("表.xls", &bytes).expect("readable");
    assert_eq!((facts.kind, facts.sheets, facts.cells), (FileKind::Ods, 2, 7));
    assert_eq!(seen.at(4, 1), Some((Text, "题")));
    assert_eq!(seen.at(6, 2), Some((Number, "7")));
    assert_eq!(seen.hidden_rows, [4]);
    let span = Span { first_row: 4, last_row: 5, first_column: 1, last_column: 2 };
    assert_eq!(seen.heads[0].merged.as_deref(), Some(&[span][..]));
    assert_eq!(seen.heads[0].hidden_columns.as_deref(), Some(&[(1, 2)][..]));
    assert_eq!((seen.heads[0].visible, seen.heads[1].visible), (true, false));
}

#[test]
fn repeats_without_end_are_refused() {
    let long = "长".repeat(20_000);
    let bytes = file(&format!(
        "<table:table table:name=\"表\"><table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell table:number-columns-repeated=\"16384\" office:value-type=\"string\"><text:p>{long}</text:p></table:table-cell></table:table-row></table:table>"
    ));
    assert_eq!(refused(&bytes), "FIL-119");
}

#[test]
fn unsound_files_are_refused() {
    let content: &[u8] = b"<office:document-content><office:body/>";
    assert_eq!(refused(&archive(&[("mimetype", KIND), ("content.xml", content)])), "FIL-114");
    assert_eq!(refused(&archive(&[("mimetype", KIND)])), "FIL-115");
    assert_eq!(refused(&file("")), "FIL-116");
    assert_eq!(refused(&archive(&[("mimetype", b"application/vnd.oasis.opendocument.text")])), "FIL-130");
    let manifest: &[u8] = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
    assert_eq!(refused(&archive(&[("mimetype", KIND), ("META-INF/manifest.xml", manifest), ("content.xml", b"x")])), "FIL-139");
    let sound = file(
        "<table:table table:name=\"表\"><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"7\"/></table:table-row></table:table>",
    );
    for length in (0..sound.len()).step_by(5) {
        assert!(read_bytes(&sound[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_file_without_its_type_is_known_by_its_manifest() {
    let content: &[u8] = b"<office:document-content><office:body><office:spreadsheet><table:table table:name=\"a\"><table:table-row>\
        <table:table-cell office:value-type=\"float\" office:value=\"7\"/></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>";
    let manifest = |kind: &str| {
        format!("<manifest:manifest><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"{kind}\"/></manifest:manifest>")
    };
    let sheet = manifest("application/vnd.oasis.opendocument.spreadsheet");
    let parts = |manifest: &str| archive(&[("content.xml", content), ("META-INF/manifest.xml", manifest.as_bytes())]);
    assert!(read_bytes(&parts(&sheet)).expect("readable").at(1, 0).is_some());
    assert_eq!(refused(&parts(&manifest("application/vnd.oasis.opendocument.text"))), "FIL-129");
}
