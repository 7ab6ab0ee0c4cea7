//! Characters that look like an ideograph and are none: radicals and strokes, which copying from a PDF leaves behind, and
//! compatibility ideographs.
//!
//! Gives: the unified ideograph that is meant. Source: EquivalentUnifiedIdeograph.txt of the Unicode Character Database (UAX #44);
//! the compatibility forms of Unicode (NFKC) cover it only in part: ⻰ and ⻄ have none.

use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A radical or stroke, then the ideograph that it stands for, and so on.
const PAIRS: &str = "\
    ⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母\
    ⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑\
    ⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风\
    ⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟⼀一⼁丨⼂丶⼃丿⼄乙⼅亅\
    ⼆二⼇亠⼈人⼉儿⼊入⼋八⼌冂⼍冖⼎冫⼏几⼐凵⼑刀⼒力⼓勹⼔匕⼕匚⼖匸⼗十⼘卜⼙卩⼚厂⼛厶⼜又⼝口⼞囗⼟土⼠士⼡夂⼢夊⼣夕\
    ⼤大⼥女⼦子⼧宀⼨寸⼩小⼪尢⼫尸⼬屮⼭山⼮巛⼯工⼰己⼱巾⼲干⼳幺⼴广⼵廴⼶廾⼷弋⼸弓⼹彐⼺彡⼻彳⼼心⼽戈⼾戶⼿手⽀支⽁攴\
    ⽂文⽃斗⽄斤⽅方⽆无⽇日⽈曰⽉月⽊木⽋欠⽌止⽍歹⽎殳⽏毋⽐比⽑毛⽒氏⽓气⽔水⽕火⽖爪⽗父⽘爻⽙爿⽚片⽛牙⽜牛⽝犬⽞玄⽟玉\
    ⽠瓜⽡瓦⽢甘⽣生⽤用⽥田⽦疋⽧疒⽨癶⽩白⽪皮⽫皿⽬目⽭矛⽮矢⽯石⽰示⽱禸⽲禾⽳穴⽴立⽵竹⽶米⽷糸⽸缶⽹网⽺羊⽻羽⽼老⽽而\
    ⽾耒⽿耳⾀聿⾁肉⾂臣⾃自⾄至⾅臼⾆舌⾇舛⾈舟⾉艮⾊色⾋艸⾌虍⾍虫⾎血⾏行⾐衣⾑襾⾒見⾓角⾔言⾕谷⾖豆⾗豕⾘豸⾙貝⾚赤⾛走\
    ⾜足⾝身⾞車⾟辛⾠辰⾡辵⾢邑⾣酉⾤釆⾥里⾦金⾧長⾨門⾩阜⾪隶⾫隹⾬雨⾭靑⾮非⾯面⾰革⾱韋⾲韭⾳音⾴頁⾵風⾶飛⾷食⾸首⾹香\
    ⾺馬⾻骨⾼高⾽髟⾾鬥⾿鬯⿀鬲⿁鬼⿂魚⿃鳥⿄鹵⿅鹿⿆麥⿇麻⿈黃⿉黍⿊黑⿋黹⿌黽⿍鼎⿎鼓⿏鼠⿐鼻⿑齊⿒齒⿓龍⿔龜⿕龠㇆𠃌㇏乀\
    ㇐一㇑丨㇒丿㇓丿㇔丶㇕𠃍㇖乛㇗𠃊㇘𠃎㇙𠄌㇚亅㇛𡿨㇜𠃋㇝乀㇞𠃑㇟乚㇠乙㇡𠄎\
";

/// Gives the unified ideograph that a look-alike stands for, and any other character unchanged.
pub fn unified(c: char) -> char {
    match c {
        '\u{2E80}'..='\u{2FDF}' | '\u{31C0}'..='\u{31EF}' => PAIRED.get(&c).copied().unwrap_or(c),
        // These decompose to one ideograph each.
        '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}' => std::iter::once(c).nfc().next().unwrap_or(c),
        _ => c,
    }
}

/// Tells whether a text holds a look-alike of an ideograph.
pub fn has_look_alike(text: &str) -> bool {
    text.chars().any(|c| unified(c) != c)
}

static PAIRED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let characters: Vec<char> = PAIRS.chars().collect();
    characters.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn radicals_strokes_and_compatibility_forms_are_what_they_stand_for() {
        let meant = |text: &str| text.chars().map(unified).collect::<String>();
        assert_eq!(meant("\u{2EF0}南市\u{2F29}\u{2F20}"), "龙南市小士");
        assert_eq!(meant("江\u{2EC4}"), "江西");
        assert_eq!(meant("\u{31D0}\u{F92A}\u{2F804}"), "一浪你");
        assert!(has_look_alike("\u{2EF0}南") && !has_look_alike("龙南市（〇）ＡＢＣ"));
        assert_eq!(PAIRED.len() * 2, PAIRS.chars().count(), "each stands once");
    }

    proptest! {
        #[test]
        fn what_is_meant_means_itself(c in any::<char>()) {
            prop_assert_eq!(unified(unified(c)), unified(c));
        }
    }
}
