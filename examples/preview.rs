fn main() {
    let h = bindnet::Snapshot::capture().unwrap();
    let g = bindnet::Snapshot::capture_by_getifaddrs().unwrap();
    println!("{}", h.to_json());
    println!("{}", g.to_json());
    for a in std::env::args().skip(1) {
        let d = bindnet::Selector::new(a.parse().unwrap())
            .list_all(true)
            .decide(&h);
        println!("{d:#}");
        println!("{}", d.to_json());
        println!(
            "{:#}",
            bindnet::Capturer::open()
                .unwrap()
                .decide(&bindnet::Selector::new(a.parse().unwrap()))
                .unwrap()
        );
    }
}
