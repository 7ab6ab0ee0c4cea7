//! Tests of the .xlsx reader: what it reads, what it refuses, what damage does.

mod cells;
mod damage;
mod missing;
mod packages;
mod written;

use super::super::testing::archive;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Parts of a small workbook that tests change.
struct Parts {
    root_relations: String,
    workbook: String,
    workbook_relations: String,
    strings: String,
    styles: String,
    sheet: Vec<u8>,
}

impl Parts {
    /// Makes a workbook whose one sheet has these rows.
    fn with_rows(rows: &str) -> Self {
        let sheet = format!("<?xml version=\"1.0\"?><worksheet><sheetData>{rows}</sheetData></worksheet>");
        Self {
            root_relations: format!(
                "<Relationships><Relationship Id=\"r1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
            workbook: "<workbook><sheets><sheet name=\"表一\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".to_owned(),
            workbook_relations: format!(
                "<Relationships><Relationship Id=\"r1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"r2\" Type=\"{OFFICE}/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>\
                 <Relationship Id=\"r3\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
            strings: "<sst uniqueCount=\"2\"><si><t>甲</t></si><si><t>乙</t></si></sst>".to_owned(),
            styles: "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;\"/></numFmts>\
                     <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
                     <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"4\"/></cellXfs>\
                     <dxfs><dxf><numFmt numFmtId=\"4\" formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>"
                .to_owned(),
            sheet: sheet.into_bytes(),
        }
    }

    /// Makes the archive.
    fn build(&self) -> Vec<u8> {
        self.build_without("")
    }

    /// Makes the archive without one of its parts.
    fn build_without(&self, missing: &str) -> Vec<u8> {
        let mut parts = self.list();
        parts.retain(|(name, _)| *name != missing);
        archive(&parts)
    }

    /// Lists the parts.
    fn list(&self) -> Vec<(&str, &[u8])> {
        vec![
            ("_rels/.rels", self.root_relations.as_bytes()),
            ("xl/workbook.xml", self.workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", self.workbook_relations.as_bytes()),
            ("xl/sharedStrings.xml", self.strings.as_bytes()),
            ("xl/styles.xml", self.styles.as_bytes()),
            ("xl/worksheets/sheet1.xml", &self.sheet),
        ]
    }
}

/// Makes a workbook whose one sheet has these cells in its first row.
fn with_cells(cells: &str) -> Vec<u8> {
    Parts::with_rows(&format!("<row r=\"1\">{cells}</row>")).build()
}
