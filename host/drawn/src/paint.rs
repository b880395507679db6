//! Paints a scene as optical density: each object's thickness times its stain.

use super::{
    cell::{Cell, Kind, Nucleolus, Nucleus},
    conditions::Conditions,
    film::{Film, Stain, Stains},
    noise::{fractal, hump, mix, step, value},
    red_cell::{Platelet, RedCell, Speck},
    scene::Scene,
};

/// Paints the whole scene.
pub(super) fn paint(film: &mut Film, scene: &Scene, conditions: &Conditions) {
    let stains = Stains::new(conditions);
    plasma(film, conditions);
    for red_cell in &scene.red_cells {
        paint_red_cell(film, red_cell, stains.red_cell);
    }
    for platelet in &scene.platelets {
        paint_platelet(film, platelet, &stains);
    }
    for cell in &scene.cells {
        if cell.kind == Kind::Smudge {
            paint_smudge(film, cell, &stains);
        } else {
            paint_cell(film, cell, &stains);
        }
    }
    for speck in &scene.specks {
        let stain = if speck.dust { [0.50, 0.42, 0.55] } else { stains.precipitate };
        paint_speck(film, *speck, stain);
    }
}

fn add(pixel: &mut [f32], stain: Stain, depth: f32) {
    for (density, stain) in pixel.iter_mut().zip(stain) {
        *density += stain * depth;
    }
}

/// Share of a pixel inside an outline: the edge is `inside_um` further out and `width_um` wide.
fn cover(inside_um: f32, width_um: f32) -> f32 {
    step(-0.5, 0.5, inside_um / width_um)
}

/// Dried plasma: a thin tint of uneven thickness.
fn plasma(film: &mut Film, conditions: &Conditions) {
    let [x, y] = super::scene::FIELD_UM;
    let stain = conditions.plasma;
    film.paint([x / 2.0, y / 2.0], x, |x, y, pixel| {
        add(pixel, stain, 1.0 + 0.45 * value(x / 22.0, y / 22.0, conditions.texture));
    });
}

fn paint_red_cell(film: &mut Film, cell: &RedCell, stain: Stain) {
    let edge_um = film.pixel_um().max(cell.edge_um);
    let reach = cell.radius_um * cell.outline.reach() + 1.2;
    let [shift_x, shift_y] = cell.pallor_offset.map(|share| share * cell.radius_um);
    film.paint(cell.place_um, reach, |x, y, pixel| {
        let distance = (x * x + y * y).sqrt();
        let radius = cell.radius_um * cell.outline.radius(x, y);
        let inside = radius - distance;
        // Refraction throws light from the rim to just outside.
        let halo = hump((inside + 0.45) / 0.55);
        let mut depth = -0.10 * halo;
        let covered = cover(inside, edge_um);
        if covered > 0.0 {
            let (px, py) = (x - shift_x, y - shift_y);
            let from_middle = (px * px + py * py).sqrt() / radius;
            let pale = cell.pallor * (1.0 - step(cell.pallor_reach * 0.35, cell.pallor_reach, from_middle));
            let rim = hump((inside - 0.75) / 0.8);
            let margin = mix(0.82, 1.0, step(0.0, 1.3, inside));
            depth += covered * (1.0 - pale) * (margin + 0.16 * rim);
        }
        add(pixel, stain, depth * cell.density);
    });
}

fn paint_platelet(film: &mut Film, platelet: &Platelet, stains: &Stains) {
    let reach = platelet.radius_um * platelet.outline.reach() + 0.5;
    film.paint(platelet.place_um, reach, |x, y, pixel| {
        let inside = platelet.radius_um * platelet.outline.radius(x, y) - (x * x + y * y).sqrt();
        let covered = cover(inside, 0.5);
        if covered > 0.0 {
            let grains = 0.45 + 0.35 * fractal(x / 0.7, y / 0.7, platelet.texture, 2);
            add(pixel, stains.chromatin, covered * grains.max(0.1) * step(-0.2, 1.2, inside));
            add(pixel, stains.eosin, covered * 0.3);
        }
    });
}

fn paint_speck(film: &mut Film, speck: Speck, stain: Stain) {
    let grain_um = speck.radius_um;
    film.paint(speck.place_um, speck.radius_um * 2.5, |x, y, pixel| {
        let uneven = 1.0 + 0.5 * value(x / grain_um, y / grain_um, speck.texture);
        add(pixel, stain, speck.density * hump((x * x + y * y).sqrt() * uneven / speck.radius_um));
    });
}

fn paint_smudge(film: &mut Film, cell: &Cell, stains: &Stains) {
    let radius_um = cell.diameter_um / 2.0;
    film.paint(cell.place_um, radius_um * cell.body.reach() * 1.5, |x, y, pixel| {
        let ragged = 2.6 * fractal(x / 3.0, y / 3.0, cell.texture, 4);
        let inside = radius_um * cell.body.radius(x, y) - (x * x + y * y).sqrt() + ragged;
        let covered = cover(inside - 0.8, 1.8);
        if covered > 0.0 {
            let texture = fractal(x / cell.nucleus.grain_um, y / cell.nucleus.grain_um, cell.texture ^ 7, 4);
            let thinning = mix(0.55, 1.0, step(0.0, radius_um, inside));
            let depth = covered * thinning * cell.nucleus.density * (1.0 + cell.nucleus.contrast * texture).max(0.2);
            add(pixel, stains.chromatin, depth * 0.5);
            add(pixel, stains.eosin, depth * 0.9);
        }
    });
}

fn paint_cell(film: &mut Film, cell: &Cell, stains: &Stains) {
    let edge_um = film.pixel_um().max(0.32);
    let radius_um = cell.diameter_um / 2.0;
    film.paint(cell.place_um, radius_um * cell.body.reach() + 1.0, |x, y, pixel| {
        let distance = (x * x + y * y).sqrt();
        let inside = radius_um * cell.body.radius(x, y) - distance;
        let nucleus = nucleus_inside(&cell.nucleus, x, y);
        let in_nucleus = cover(nucleus, edge_um);
        let in_cell = cover(inside, edge_um).max(in_nucleus);
        if in_cell <= 0.0 {
            let halo = hump((inside + 0.5) / 0.5);
            add(pixel, stains.cytoplasm, -0.05 * halo);
            return;
        }
        let in_cytoplasm = in_cell * (1.0 - in_nucleus);
        if in_cytoplasm > 0.0 {
            paint_cytoplasm(pixel, cell, stains, [x, y], inside, nucleus, in_cytoplasm);
        }
        if in_nucleus > 0.0 {
            let depth = in_nucleus * chromatin(&cell.nucleus, cell.texture, x, y, nucleus);
            add(pixel, stains.chromatin, depth);
            let nucleolar: f32 = cell.nucleus.nucleoli.iter().map(|n| n.contrast * in_nucleolus(n, x, y)).sum();
            add(pixel, stains.cytoplasm, in_nucleus * nucleolar * 0.35);
        }
    });
}

fn paint_cytoplasm(
    pixel: &mut [f32],
    cell: &Cell,
    stains: &Stains,
    [x, y]: [f32; 2],
    inside: f32,
    nucleus: f32,
    covered: f32,
) {
    let texture = fractal(x / 1.3, y / 1.3, cell.texture ^ 3, 2);
    // Bluer towards the cell's edge, paler beside the nucleus.
    let rim = 1.0 - step(0.0, 1.6, inside);
    let hof = hump(nucleus / 1.1);
    let patches = value(x / 3.2, y / 3.2, cell.texture ^ 19);
    let blue = cell.basophilia * (0.62 + 0.42 * rim - 0.16 * hof + 0.20 * texture + 0.16 * patches);
    add(pixel, stains.cytoplasm, covered * blue);
    let grains = if cell.kind == Kind::Neutrophil { 0.5 * value(x / 0.45, y / 0.45, cell.texture ^ 5) } else { 0.0 };
    add(pixel, stains.eosin, covered * cell.eosin * (0.8 + grains));
}

/// Depth of a place inside the nearest lobe's outline, µm; negative outside.
fn nucleus_inside(nucleus: &Nucleus, x: f32, y: f32) -> f32 {
    let mut inside = f32::MIN;
    for lobe in &nucleus.lobes {
        let (x, y) = (x - lobe.offset_um[0], y - lobe.offset_um[1]);
        inside = inside.max(lobe.radius_um * lobe.outline.radius(x, y) - (x * x + y * y).sqrt());
    }
    inside
}

fn in_nucleolus(nucleolus: &Nucleolus, x: f32, y: f32) -> f32 {
    1.0 - step(0.45, 1.15, nucleolus_distance(nucleolus, x, y))
}

/// Distance from a nucleolus's centre, in units of its radius in that direction; the outline is uneven.
fn nucleolus_distance(nucleolus: &Nucleolus, x: f32, y: f32) -> f32 {
    let uneven = 1.0 + 0.3 * fractal(x / 1.5, y / 1.5, nucleolus.texture, 2);
    let (x, y) = (x - nucleolus.offset_um[0], y - nucleolus.offset_um[1]);
    (x * x + y * y).sqrt() * uneven / nucleolus.radius_um
}

/// Thickness of the chromatin at a place `inside` µm within the nucleus.
fn chromatin(nucleus: &Nucleus, texture: u32, x: f32, y: f32, inside: f32) -> f32 {
    let grain = nucleus.grain_um;
    let clumps = fractal(x / grain, y / grain, texture, 3);
    // The stippling of every nucleus, at the microscope's resolution.
    let stipple = fractal(x / 0.7, y / 0.7, texture ^ 13, 2);
    let shading = value(x / 4.5, y / 4.5, texture ^ 11);
    let membrane = hump((inside - 0.35) / 0.45);
    // A flattened ball is thicker in the middle.
    let thickness = mix(0.84, 1.0, step(0.0, 2.2, inside));
    let texture_depth = nucleus.contrast * (clumps + 0.45 * stipple) + 0.03 * stipple;
    let mut depth = thickness * (1.0 + texture_depth + 0.07 * shading + 0.08 * membrane);
    for nucleolus in &nucleus.nucleoli {
        let ring = hump((nucleolus_distance(nucleolus, x, y) - 1.2) / 0.4);
        depth *= 1.0 - nucleolus.contrast * in_nucleolus(nucleolus, x, y) + 0.25 * nucleolus.contrast * ring;
    }
    if let Some(fold) = nucleus.fold {
        let (x, y) = (x - fold.start_um[0], y - fold.start_um[1]);
        let along = (x * fold.direction[0] + y * fold.direction[1]) / fold.length_um;
        let across = x * -fold.direction[1] + y * fold.direction[0]
            - fold.bend * fold.length_um * along * along
            - 0.35 * value(x / 1.4, y / 1.4, texture ^ 17);
        // The groove narrows and fades inwards; one side of the fold is doubled.
        let fade = step(-0.3, 0.0, along) * (1.0 - step(0.35, 1.0, along));
        let groove = hump(across / mix(0.75, 0.4, along.clamp(0.0, 1.0)));
        let double = 1.0 - step(0.0, 1.7, across);
        let lip = step(-0.1, 0.5, across) * double;
        depth *= 1.0 + fade * fold.depth * (0.55 * lip - groove);
    }
    (depth * nucleus.density).max(0.05)
}
