//! The town, street or park in an address.

/// What the names of towns, streets and parks end with; longer ends before those that they end with themselves.
const ENDS: [&str; 6] = ["街道", "镇", "乡", "开发区", "园区", "高新区"];

/// The town, street office or park (乡镇、街道、园区) that an address is in: `龙南镇` of `江西省赣州市龙南市龙南镇翠林路264号`.
///
/// The first that it names, without the province, prefecture and county before it. A text that is no address but such a name by itself
/// is its own answer; nothing of any other.
pub fn town(address: &str) -> Option<&str> {
    let address = address.trim();
    let end = ENDS.iter().filter_map(|end| address.find(end).filter(|at| *at > 0).map(|at| at + end.len())).min()?;
    let named = &address[..end];
    // Of 龙南市龙南镇 what stands behind the county; a county's sign that ends the name itself is none.
    let start = named
        .char_indices()
        .filter(|(at, c)| matches!(c, '省' | '市' | '县' | '区') && at + c.len_utf8() < end)
        .map(|(at, c)| at + c.len_utf8())
        .next_back();
    Some(&named[start.unwrap_or(0)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_town_street_or_park_is_told_without_what_is_above_it() {
        let cases = [
            ("江西省赣州市龙南市杨村镇振业路65号", Some("杨村镇")),
            ("江西省赣州市龙南市龙南镇翠林路264号", Some("龙南镇")),
            ("江西省赣州市龙南市龙南经济技术开发区工业三路253号", Some("龙南经济技术开发区")),
            ("龙南市东江乡兴园路255号", Some("东江乡")),
            ("江西省赣州市章贡区水南街道翠微路1号", Some("水南街道")),
            ("杨村镇", Some("杨村镇")),
            ("江西省赣州市龙南市翠林路1号", None),
            ("", None),
        ];
        for (address, wanted) in cases {
            assert_eq!(town(address), wanted, "{address}");
        }
    }
}
