//! What could take long, or much memory or stack, is refused.

use super::*;

#[test]
fn the_size_of_an_expression_is_bounded() {
    for text in [
        format!("user.name == {:?}", "x".repeat(5000)),
        format!("1{} == 1", "+1".repeat(1000)),
        format!("{}true", "!".repeat(2000)),
        format!("[1]{} == [1]", "[0]".repeat(700)),
        format!("{}true{}", "(".repeat(200), ")".repeat(200)),
        format!("{}1{} == [[1]]", "[".repeat(149), "]".repeat(149)),
        format!("r'\\' != '' && 1{} == 1", "+1".repeat(1000)),
        format!("\"\\\"\" != '' && 1{} == 1", "+1".repeat(1000)),
        format!("// don't\n1{} == 1", "+1".repeat(1000)),
        format!("'''a'b''' == '' && 1{} == 1", "+1".repeat(1000)),
    ] {
        assert!(check_expression(&Expression::new(text.as_str())).is_err(), "{text}");
    }
    let domains: Vec<_> = (0..150).map(|number| format!("'a{number}.b.c.example'")).collect();
    assert_eq!(check_expression(&Expression::new(format!("user.domain in [{}]", domains.join(",")))), Ok(()));
}

#[test]
fn what_could_fill_the_memory_is_refused() {
    let nested = (1..8).fold("true".to_owned(), |inner, n| {
        let n = 8 - n;
        format!("[v{n}+v{n}+v{n}+v{n}+v{n}+v{n}+v{n}+v{n}+v{n}+v{n}].exists(v{}, {inner})", n + 1)
    });
    for text in [
        format!("['aaaaaaaaaaaaaaaa']{}.size() == 1", ".map(x,x+x)".repeat(40)),
        format!("['a']{}.size() == 1", ".map(x,[x,x])".repeat(40)),
        format!("[['a']]{}.size() == 1", ".map(x,x+x)".repeat(40)),
        format!("['a']{}.size() == 1", ".map(x,true?[x,x][0]+x:x)".repeat(20)),
        format!("['a']{}.size() == 1", ".filter(x,true).map(x,string(x)+x)".repeat(20)),
        format!("['aaaaaaaaaaaaaaaa'].exists(v1, {nested})"),
        format!("[['aaaaaaaaaaaaaaaa']].exists(v1, {nested})"),
        "user.groups.map(g, user.groups).size() == 1".to_owned(),
        // No loop stands in another one, and there are fewer operators than are allowed.
        format!("user.groups.map(g, g{}).size() == 1", "+g".repeat(9)),
        format!(
            "['a'].map(x, x{}).map(y, y{}).map(z, z{}).size() == 1",
            "+x".repeat(40),
            "+y".repeat(40),
            "+z".repeat(40)
        ),
    ] {
        let message = refused(&text);
        assert!(message.contains("more than 1 MiB"), "{text}: {message}");
    }
}

#[test]
fn patterns_that_take_long_to_read_are_refused_where_they_are_read_often() {
    for (text, expected) in [
        (r"user.groups.exists(g, g.matches(r'\w{150}'))", "this pattern is too large"),
        (r"user.name.matches(r'\w{150}')", "this pattern is too large"),
        (
            r"user.groups.exists(g, g.matches(r'\w\w'))",
            "ask only small patterns of its items (`[a-z0-9]` in place of `\\w`)",
        ),
    ] {
        let message = refused(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    for text in [
        r"user.name.matches(r'^\w+$')",
        r"user.groups.exists(g, g.matches('^(dev|ops)-[a-z0-9-]+$'))",
        r"user.groups.exists(g, g.matches(r'^team-\d+$'))",
    ] {
        assert_eq!(check_expression(&Expression::new(text)), Ok(()), "{text}");
    }
}

#[test]
fn the_longest_chains_that_are_read_need_less_than_half_of_a_thread_s_stack() {
    let read = || {
        for text in [
            format!("1{} == 149", "+1".repeat(148)),
            format!("{}true", "!".repeat(150)),
            format!("{}1 == 1", "-".repeat(148)),
            format!("[1]{} == [1]", ".map(x,x)".repeat(145)),
            format!("{}true{}", "(".repeat(90), ")".repeat(90)),
        ] {
            let (truth, told) = evaluated(&text, &jane());
            assert_eq!(truth, Truth::True, "{text}: {told:?}");
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(read).expect("a thread").join().expect("no overflow");
}
