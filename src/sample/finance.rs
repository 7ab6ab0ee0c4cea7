//! The figures of the returns.
//!
//! Owns: the indicators and how sound figures come about. Takes: a stream. Gives: [`Figures`] per enterprise and year.
//! Invariants: whole thousands of yuan; the balances F1, F2 and F4 to F7 hold exactly, figures of neighboring years
//! stay within a factor of two, so that only planted faults break an edit.

use super::draw::Draw;

/// An indicator of the return, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indicator {
    Revenue,
    MainRevenue,
    Cost,
    Research,
    OperatingProfit,
    OtherIncome,
    OtherExpense,
    TotalProfit,
    Assets,
    CurrentAssets,
    Receivables,
    Inventory,
    FixedAssets,
    Depreciation,
    Liabilities,
    CurrentLiabilities,
    Equity,
    Employees,
}

impl Indicator {
    /// All indicators in the order of the form.
    pub(super) const ALL: [Self; 18] = [
        Self::Revenue,
        Self::MainRevenue,
        Self::Cost,
        Self::Research,
        Self::OperatingProfit,
        Self::OtherIncome,
        Self::OtherExpense,
        Self::TotalProfit,
        Self::Assets,
        Self::CurrentAssets,
        Self::Receivables,
        Self::Inventory,
        Self::FixedAssets,
        Self::Depreciation,
        Self::Liabilities,
        Self::CurrentLiabilities,
        Self::Equity,
        Self::Employees,
    ];

    /// Gives the heading on the form.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Revenue => "营业收入",
            Self::MainRevenue => "其中：主营业务收入",
            Self::Cost => "营业成本",
            Self::Research => "研发费用",
            Self::OperatingProfit => "营业利润",
            Self::OtherIncome => "营业外收入",
            Self::OtherExpense => "营业外支出",
            Self::TotalProfit => "利润总额",
            Self::Assets => "资产总计",
            Self::CurrentAssets => "流动资产合计",
            Self::Receivables => "应收账款",
            Self::Inventory => "存货",
            Self::FixedAssets => "固定资产原价",
            Self::Depreciation => "累计折旧",
            Self::Liabilities => "负债合计",
            Self::CurrentLiabilities => "流动负债合计",
            Self::Equity => "所有者权益合计",
            Self::Employees => "平均用工人数（人）",
        }
    }

    /// Gives the heading of its group; none for head-counts.
    pub(super) fn group(self) -> Option<&'static str> {
        match self {
            Self::Revenue
            | Self::MainRevenue
            | Self::Cost
            | Self::Research
            | Self::OperatingProfit
            | Self::OtherIncome
            | Self::OtherExpense
            | Self::TotalProfit => Some("经营情况"),
            Self::Employees => None,
            _ => Some("资产负债"),
        }
    }

    /// Tells whether the form also asks for the figure of the year before.
    pub(super) fn has_prior(self) -> bool {
        matches!(self, Self::Revenue | Self::TotalProfit)
    }
}

/// The figures of one enterprise in one year: thousands of yuan, persons for the employees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Figures {
    values: [i64; Indicator::ALL.len()],
}

impl Figures {
    /// Gives the figure of an indicator.
    pub(super) fn get(&self, indicator: Indicator) -> i64 {
        self.values[indicator as usize]
    }

    fn set(&mut self, indicator: Indicator, value: i64) {
        self.values[indicator as usize] = value;
    }
}

/// What stays alike in an enterprise from year to year, in thousandths.
struct Character {
    main_share: i64,
    cost_share: i64,
    research_share: i64,
    margin: i64,
    assets_share: i64,
    leverage: i64,
    revenue_per_head: i64,
}

/// Invents the figures of so many years in a row; `strong` enterprises are larger, earn more and owe less.
pub(super) fn history(draw: &mut Draw, years: usize, strong: bool) -> Vec<Figures> {
    let character = Character {
        main_share: draw.between(905, 998),
        cost_share: draw.between(700, 850),
        research_share: draw.between(if strong { 32 } else { 8 }, if strong { 72 } else { 42 }),
        margin: draw.between(if strong { 25 } else { -40 }, if strong { 140 } else { 95 }),
        assets_share: draw.between(650, 1500),
        leverage: draw.between(if strong { 220 } else { 300 }, if strong { 520 } else { 780 }),
        revenue_per_head: draw.between(420, 980),
    };
    let mut revenue = 21_000 + draw.between(0, 60) * draw.between(200, 4_800);
    if strong {
        revenue += draw.between(15_000, 120_000);
    }
    (0..years)
        .map(|_| {
            revenue = (revenue * draw.between(900, 1260) / 1000).max(20_100) + draw.between(0, 99);
            figures(draw, revenue, &character)
        })
        .collect()
}

fn figures(draw: &mut Draw, revenue: i64, character: &Character) -> Figures {
    use Indicator as I;
    let mut figures = Figures::default();
    let near = |draw: &mut Draw, share: i64, spread: i64| draw.share(revenue, share - spread, share + spread);
    let cost = near(draw, character.cost_share, 15);
    let mut profit = near(draw, character.margin, 8);
    // A profit close to nought by chance would look like a slip of the unit beside its neighbors.
    if profit.abs() < revenue / 125 {
        profit += revenue / 60;
    }
    let mut other_income = draw.share(revenue, 1, 9);
    let other_expense = draw.share(revenue, 1, 4);
    if (profit + other_income - other_expense).abs() < revenue / 200 {
        other_income += revenue / 100;
    }
    let assets = near(draw, character.assets_share, 40);
    let current = draw.share(assets, 450, 680);
    let fixed = draw.share(assets, 300, 520);
    let liabilities = draw.share(assets, character.leverage - 20, character.leverage + 20);
    figures.set(I::Revenue, revenue);
    figures.set(I::MainRevenue, (revenue * character.main_share) / 1000);
    figures.set(I::Cost, cost);
    figures.set(I::Research, near(draw, character.research_share, 4));
    figures.set(I::OperatingProfit, profit);
    figures.set(I::OtherIncome, other_income);
    figures.set(I::OtherExpense, other_expense);
    figures.set(I::TotalProfit, profit + other_income - other_expense);
    figures.set(I::Assets, assets);
    figures.set(I::CurrentAssets, current);
    figures.set(I::Receivables, draw.share(current, 210, 420));
    figures.set(I::Inventory, draw.share(current, 160, 380));
    figures.set(I::FixedAssets, fixed);
    figures.set(I::Depreciation, draw.share(fixed, 180, 560));
    figures.set(I::Liabilities, liabilities);
    figures.set(I::CurrentLiabilities, draw.share(liabilities, 640, 930));
    figures.set(I::Equity, assets - liabilities);
    figures.set(I::Employees, revenue / character.revenue_per_head + draw.between(2, 9));
    figures
}

/// Gives the figures of a new enterprise whose sales returns exceed its sales: revenue below nought, and nothing else
/// unsound (main revenue is left open by the return).
pub(super) fn negative_start(draw: &mut Draw) -> Figures {
    use Indicator as I;
    let mut figures = figures(
        draw,
        24_000,
        &Character {
            main_share: 950,
            cost_share: 700,
            research_share: 20,
            margin: -300,
            assets_share: 1200,
            leverage: 500,
            revenue_per_head: 600,
        },
    );
    figures.set(I::Revenue, -draw.between(900, 2_400));
    figures.set(I::MainRevenue, 0);
    figures
}

#[cfg(test)]
mod tests {
    use super::Indicator as I;
    use super::*;

    fn sound(figures: &Figures) {
        let get = |indicator| figures.get(indicator);
        assert_eq!(get(I::Assets), get(I::Liabilities) + get(I::Equity));
        let profit = get(I::OperatingProfit) + get(I::OtherIncome) - get(I::OtherExpense);
        assert_eq!(get(I::TotalProfit), profit);
        assert!(get(I::Revenue) >= get(I::MainRevenue));
        assert!(get(I::Assets) >= get(I::CurrentAssets));
        assert!(get(I::CurrentAssets) >= get(I::Receivables) + get(I::Inventory));
        assert!(get(I::FixedAssets) >= get(I::Depreciation));
        assert!(get(I::Liabilities) >= get(I::CurrentLiabilities));
        assert!(get(I::Research) <= get(I::Cost));
        assert!(get(I::TotalProfit) <= get(I::Revenue));
        for indicator in I::ALL {
            let may_be_negative = matches!(indicator, I::OperatingProfit | I::TotalProfit);
            assert!(may_be_negative || get(indicator) >= 0, "{indicator:?}");
        }
    }

    #[test]
    fn balances_hold_and_years_are_alike() {
        let mut draw = Draw::new(11, 0);
        for round in 0..300 {
            let years = history(&mut draw, 3, round % 2 == 0);
            years.iter().for_each(sound);
            for pair in years.windows(2) {
                for indicator in [I::Revenue, I::Assets, I::Liabilities, I::Cost] {
                    let (before, after) = (pair[0].get(indicator), pair[1].get(indicator));
                    assert!(after < before * 2 && before < after * 2);
                }
            }
        }
    }

    #[test]
    fn a_negative_start_breaks_nothing_but_the_sign() {
        let figures = negative_start(&mut Draw::new(5, 0));
        let get = |indicator| figures.get(indicator);
        assert!(get(I::Revenue) < 0 && get(I::TotalProfit) <= get(I::Revenue));
        assert_eq!(get(I::Assets), get(I::Liabilities) + get(I::Equity));
    }

    #[test]
    fn indicators_are_numbered_as_listed() {
        for (index, indicator) in I::ALL.into_iter().enumerate() {
            assert_eq!(indicator as usize, index);
        }
    }
}
