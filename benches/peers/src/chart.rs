//! The ratios to F as a chart.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::measured::Measured;
use crate::ways;

/// Colours that differ for the colour-blind, too (Okabe and Ito): ours are the blue ones.
const COLOURS: [RGBColor; ways::COUNT] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(0, 158, 115),
    RGBColor(240, 228, 66),
    RGBColor(230, 159, 0),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
];

/// The part of a host's width that its bars take.
const GROUP: f64 = 0.84;
const FONT: &str = "sans-serif";

/// Draws a group of bars for each host, from the bottom up on a logarithmic axis.
pub fn draw(path: &Path, all: &[Measured]) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (960, 500)).into_drawing_area();
    // A background of its own: the page may be dark.
    area.fill(&WHITE)?;
    let (bottom, top) = (0.7, 2000.0);
    let hosts = -0.5..all.len() as f64 - 0.5;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Finding the one address in 192.0.2.0/24, beside what the kernel needs (F)",
            (FONT, 20),
        )
        .margin(14)
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(hosts.clone(), (bottom..top).log_scale())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .x_labels(all.len())
        .x_label_formatter(&|at| {
            all.get(at.round() as usize)
                .map_or("", |on| on.host)
                .to_owned()
        })
        .y_label_formatter(&|ratio| format!("{ratio} F"))
        .y_desc("time, in multiples of F (log scale)")
        .label_style((FONT, 14))
        .draw()?;
    for (place, colour) in COLOURS.iter().enumerate() {
        let width = GROUP / ways::COUNT as f64;
        let left = place as f64 * width - GROUP / 2.0;
        let bars = all.iter().enumerate().filter_map(|(at, on)| {
            let ratio = on.ratio(on.ways[place].0)?;
            let left = at as f64 + left;
            Some(Rectangle::new(
                [(left, bottom), (left + width, ratio)],
                colour.filled(),
            ))
        });
        let name = all.first().map_or("", |on| on.ways[place].0);
        chart
            .draw_series(bars)?
            .label(name)
            .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    let floor = [(hosts.start, 1.0), (hosts.end, 1.0)];
    chart.draw_series([PathElement::new(floor, BLACK)])?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .legend_area_size(20)
        .label_font((FONT, 13))
        .draw()?;
    area.present()?;
    Ok(())
}
