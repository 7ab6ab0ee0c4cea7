//! The form of a year's returns: its columns and their labels.

use super::enterprise::FIRST_YEAR;
use super::finance::Indicator;
use super::sheet::{Column, ColumnKind, Sheet};

/// What a column of the form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Code,
    Name,
    Industry,
    Year,
    Figure(Indicator),
    Prior(Indicator),
}

/// The columns of a year's form, each with its labels from the top down.
pub(super) struct Form {
    pub(super) columns: Vec<(Content, Vec<String>)>,
}

impl Form {
    /// Gives the form of a year: groups over headings, headings over this and last year, or all three.
    pub(super) fn new(year: i32) -> Self {
        let grouped = year != FIRST_YEAR + 1;
        let name = if grouped { "企业名称" } else { "单位详细名称" };
        let labels = |group: Option<&str>, rest: &[&str]| -> Vec<String> {
            let group = group.filter(|_| grouped);
            group.into_iter().chain(rest.iter().copied()).map(str::to_owned).collect()
        };
        let basics = Some("企业基本信息");
        let mut columns = vec![
            (Content::Code, labels(basics, &["统一社会信用代码"])),
            (Content::Name, labels(basics, &[name])),
            (Content::Industry, labels(basics, &["行业代码"])),
            (Content::Year, labels(None, &["年份"])),
        ];
        for indicator in Indicator::ALL {
            let (group, heading) = (indicator.group(), indicator.heading());
            if indicator.has_prior() && year > FIRST_YEAR {
                let this = labels(group, &[heading, "本年"]);
                let prior = labels(group, &[heading, "上年同期"]);
                columns.push((Content::Figure(indicator), this));
                columns.push((Content::Prior(indicator), prior));
            } else {
                columns.push((Content::Figure(indicator), labels(group, &[heading])));
            }
        }
        Self { columns }
    }

    /// Gives the place of a column.
    pub(super) fn column(&self, content: Content) -> Option<usize> {
        self.columns.iter().position(|(here, _)| *here == content)
    }

    pub(super) fn labels(&self) -> Vec<Vec<String>> {
        self.columns.iter().map(|(_, labels)| labels.clone()).collect()
    }

    pub(super) fn sheet(&self, name: &str) -> Sheet {
        let columns = self.columns.iter().map(|(content, _)| match content {
            Content::Code => Column::new(ColumnKind::Text, 21),
            Content::Name => Column::new(ColumnKind::Text, 34),
            Content::Industry | Content::Year => Column::new(ColumnKind::Center, 8),
            Content::Figure(Indicator::Employees) => Column::new(ColumnKind::Amount, 9),
            Content::Figure(_) | Content::Prior(_) => Column::new(ColumnKind::Amount, 12),
        });
        let mut sheet = Sheet::new(name, columns.collect());
        sheet.frozen_columns = 2;
        sheet
    }
}
