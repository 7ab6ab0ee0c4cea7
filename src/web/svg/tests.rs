use super::*;

/// Elements by name, if the text is well-formed; attributes of interest are looked for in the text itself.
fn elements(svg: &str) -> std::collections::BTreeMap<&str, usize> {
    let (mut open, mut seen) = (Vec::new(), std::collections::BTreeMap::new());
    for part in svg.split('<').skip(1) {
        let (tag, _) = part.split_once('>').expect("a tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags close in order");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        *seen.entry(name).or_default() += 1;
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
    seen
}

fn decent(svg: &str) {
    elements(svg);
    assert!(!svg.contains("style=") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert!(svg.contains(r#"role="img""#) && svg.contains("<title id=") && svg.contains("<desc id="));
}

fn series() -> Vec<(String, Ink)> {
    vec![("强制性".into(), Ink::Error), ("核实性".into(), Ink::Explain)]
}

#[test]
fn bars_are_as_long_as_their_numbers() {
    let bars = [Bar { name: "统计局".into(), parts: vec![300, 100] }, Bar { name: "工信局".into(), parts: vec![100, 0] }];
    let svg = BarChart { id: "b", title: "t", description: "d", series: &series(), bars: &bars }.draw();
    decent(&svg);
    let widths: Vec<f64> = svg
        .split(r#"height="22.0""#)
        .filter_map(|before| before.rsplit_once("width=\"")?.1.split('"').next()?.parse().ok())
        .take(3)
        .collect();
    assert!((widths[0] - 3.0 * widths[1]).abs() < 0.3 && (widths[1] - widths[2]).abs() < 0.2, "{widths:?}");
    assert!(svg.contains(">400<") && svg.contains("强制性 300"));
}

#[test]
fn nothing_to_draw_is_drawn_as_nothing() {
    decent(&BarChart { id: "b", title: "t", description: "d", series: &series(), bars: &[] }.draw());
    decent(&LineChart { id: "l", title: "t", description: "d", moments: &[], lines: &[] }.draw());
    decent(&FlowChart { id: "f", title: "t", description: "d", from: &[], to: &[], numbers: &[] }.draw());
    let zero = [LineSeries { name: "a".into(), ink: Ink::Note, numbers: vec![Some(0)] }];
    decent(&LineChart { id: "l", title: "t", description: "d", moments: &["1".into()], lines: &zero }.draw());
}

#[test]
fn texts_cannot_leave_their_place() {
    let bars = [Bar { name: "<script>alert(1)</script>\"'&".into(), parts: vec![1, 1] }];
    let svg = BarChart { id: "b", title: "</title><b>", description: "<", series: &series(), bars: &bars }.draw();
    decent(&svg);
    assert!(!svg.contains("<script") && !svg.contains("<b>"));
}

#[test]
fn a_line_has_a_dot_a_moment_and_a_shape_of_its_own() {
    let line =
        |name: &str, ink, numbers: &[u64]| LineSeries { name: name.into(), ink, numbers: numbers.iter().map(|n| Some(*n)).collect() };
    let lines = [line("甲", Ink::Error, &[5, 3, 8]), line("乙", Ink::Note, &[5, 3, 8])];
    let moments = ["一".to_owned(), "二".to_owned(), "三".to_owned()];
    let svg = LineChart { id: "l", title: "t", description: "d", moments: &moments, lines: &lines }.draw();
    decent(&svg);
    assert_eq!(svg.matches("a4 4 0 1 0 8 0").count(), 3);
    assert_eq!(svg.matches("h7v7h-7z").count(), 3);
    assert!(svg.contains(">甲<") && svg.contains(">乙<"), "lines are named where they end");
}

#[test]
fn bands_leave_nothing_out() {
    let node = |name: &str, ink| Node { name: name.into(), ink };
    let from = [node("统计局", Ink::Note), node("工信局", Ink::Note)];
    let to = [node("入池", Ink::Good), node("重复", Ink::Crossed)];
    let svg = FlowChart { id: "f", title: "t", description: "d", from: &from, to: &to, numbers: &[vec![60, 30], vec![10, 0]] }.draw();
    decent(&svg);
    assert_eq!(svg.matches(r#"class="band""#).count(), 3);
    for text in ["统计局　90", "工信局　10", "入池　70", "重复　30"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn scales_end_at_round_numbers() {
    assert_eq!([1, 3, 12, 50, 51, 999].map(ceiling), [1, 5, 20, 50, 100, 1000]);
    assert_eq!(fitting("统计局", 100.0), "统计局");
    assert_eq!(fitting("统计局企业经营情况年报", 60.0), "统计局…");
}
