"""Momentum on a parabola: ways, roots and limits are the package's, by mouse, keys and address."""

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD
from tests.browser.touching import brought_back, opened, swiped, texts, unsound

PAGE, NAME = "17-initialisation-and-optimisers", "momentum-parabola"
FIGURE = f"figure[data-touch={NAME}]"
MINUS = "\N{MINUS SIGN}"
SUMS = """async (states) => {
  const sums = await import("../javascripts/touch/momentum-parabola-sums.mjs");
  return states.map((state) => ({
    way: sums.way(state, 12),
    roots: sums.roots(state),
    size: sums.size(state),
    limit: sums.limit(state),
    best: sums.best(state),
    there: sums.size({ ...state, mu: Math.min(sums.best(state), 1) }),
    atLimit: sums.size({ ...state, step: sums.limit(state) }),
  }));
}"""


def step_once(state, w, v):
    """Take one step of the code from a place, at a velocity; return both."""
    parameter = Parameter("w", np.array([w]))
    mu, rate = state["mu"], max(state["step"], 1e-300)
    optimizer = SGD([parameter], rate, momentum=mu, nesterov=state["rule"] == "nesterov")
    optimizer.velocities[0][:] = v
    parameter.gradient += w
    optimizer.step()
    return parameter.value.item(), optimizer.velocities[0].item()


def way(state, count):
    """Follow the code from 1, at rest."""
    places, v = [1.0], 0.0
    for _ in range(count):
        w, v = step_once(state, places[-1], v)
        places.append(w)
    return places


def roots(state):
    """Return the eigenvalues of a step, which is linear in place and velocity."""
    columns = [step_once(state, *unit) for unit in ((1.0, 0.0), (0.0, 1.0))]
    return np.linalg.eigvals(np.array(columns).T).astype(complex)


def random_states():
    """Return states of both rules, with real roots and complex ones, on both sides of the limit."""
    rng = np.random.default_rng(17)
    for number in range(120):
        rule = ("momentum", "nesterov")[number % 2]
        yield {"step": rng.uniform(0.01, 3.99), "mu": rng.uniform(0.01, 0.99), "rule": rule}


def test_ways_and_roots_are_the_packages_over_random_states(visit):
    states = list(random_states())
    kinds = set()
    for state, found in zip(states, visit(PAGE).evaluate(SUMS, states), strict=True):
        places = np.array(way(state, 12))
        np.testing.assert_allclose(found["way"], places, rtol=1e-12, atol=1e-12 * abs(places).max())
        mine = np.array([complex(*root) for root in found["roots"]])
        wanted = roots(state)
        order = (np.sort_complex(one) for one in (mine, wanted))
        np.testing.assert_allclose(*order, rtol=1e-7, atol=1e-7)  # a double root is ill-conditioned
        # Sum and product, which are not.
        np.testing.assert_allclose(mine.sum(), wanted.sum(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(mine.prod(), wanted.prod(), rtol=1e-12, atol=1e-12)
        assert abs(found["size"] - abs(mine).max()) < 1e-12
        assert abs(found["atLimit"] - 1) < 1e-7
        kinds.add((state["rule"], mine[0].imag != 0, found["size"] < 1))
    assert len(kinds) >= 6, kinds


def test_no_other_momentum_shrinks_faster_than_the_best(visit):
    page, rng = visit(PAGE), np.random.default_rng(18)
    for rule, most in (("momentum", 3.9), ("nesterov", 1.2)):
        for step in rng.uniform(0.02, most, 12):
            grid = [{"step": step, "mu": mu, "rule": rule} for mu in np.linspace(0, 0.999, 200)]
            found = page.evaluate(SUMS, grid)
            assert found[0]["there"] <= min(one["size"] for one in found) + 1e-9, (rule, step)


# --- the figure ---------------------------------------------------------------------------------


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def slider(page, name):
    return panel(page).get_by_role("slider", name=name)


def words(page):
    return page.locator(f"{FIGURE} .momentum-words").text_content()


def cells(page):
    found = page.locator(f"{FIGURE} .momentum-table td").all_text_contents()
    return [float(one.replace(MINUS, "-")) for one in found]


def agrees(page, step, mu, rule="momentum"):
    """Compare what is written and drawn with the package."""
    state = {"step": step, "mu": mu, "rule": rule}
    places, size = way(state, 40), abs(roots(state)).max()
    np.testing.assert_allclose(cells(page), places[:9], rtol=6e-3)
    dots = page.locator(f"{FIGURE} .momentum-dot").evaluate_all(
        "all => all.map((x) => +x.getAttribute('cy'))"
    )
    heights = 95 - np.clip(places, -3, 3) * 29
    np.testing.assert_allclose(dots, heights, atol=1e-6)
    kind = "Complex" if abs(roots(state)[0].imag) > 1e-9 else "Real"
    assert words(page).startswith(kind)
    verb = "shrinks to" if size < 1 else "grows to"
    assert f"w {verb} {size:.3g} " in words(page), (size, words(page))


def test_by_keyboard_alone_step_momentum_and_rule_are_chosen(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").focus()
    page.keyboard.press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    agrees(page, 0.2, 0.5)
    slider(page, "Step").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    agrees(page, 0.35, 0.5)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    agrees(page, 0.35, 0.49)
    assert slider(page, "Momentum").get_attribute("aria-valuetext") == "0.49"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(page, 0.35, 0.49, "nesterov")
    assert page.locator(f"{FIGURE} .touch-said").text_content() == words(page)
    assert page.evaluate("location.hash") == f"#touch={NAME}&step=0.35&mu=0.49&rule=nesterov"
    assert page.complaints == []


def test_by_mouse_the_best_momentum_and_the_limit_are_found(visit):
    page = opened(visit, PAGE, NAME, "step=0.49&mu=0.9")
    agrees(page, 0.49, 0.9)
    panel(page).get_by_role("button", name="Best momentum for this step").click()
    assert words(page).startswith(
        "Real roots: 0.3 and 0.3. In the long run w shrinks to 0.3 of itself"
    )
    panel(page).get_by_role("button", name="Step at the limit").click()
    assert "The way neither grows nor shrinks. The limit is 2.18." in words(page)
    slider(page, "Step").fill("2.2")
    agrees(page, 2.2, 0.09)
    slider(page, "Step").fill("0")
    assert "No step, no way: w stays." in words(page)
    panel(page).get_by_role("button", name="Start again").click()
    agrees(page, 0.2, 0.5)
    assert page.complaints == []


def test_a_finger_moves_the_page_past_the_plot(visit):
    page = opened(visit, PAGE, NAME, width=390)
    plot = page.locator(".momentum-way")
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    bottom = box["y"] + box["height"] * 0.9
    assert swiped(page, box["x"] + box["width"] / 2, bottom, bottom - 130) > 50


def test_an_address_brings_the_state_back_and_a_broken_one_the_first(visit):
    broken = ["step=x", "step=-1&mu=1&rule=toString", "step=4.01&mu=NaN", "rule=&mu=-0.1"]
    fragment, state = "step=1.3&mu=0.25&rule=nesterov", (1.3, 0.25, "nesterov")
    brought_back(visit, PAGE, NAME, fragment, lambda page: agrees(page, *state), broken)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit, scheme):
    page = opened(visit, PAGE, NAME, "step=3.9&mu=0.99", scheme=scheme, width=360)
    assert unsound(page) == []


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    with engine.open(f"{site}{PAGE}/#touch={NAME}&step=0.5&mu=0.5") as page:
        numbers, said = texts(page, ".momentum-table td", ".momentum-words")
    assert numbers[:4] == ["1", "0.5", "0", f"{MINUS}0.25"]
    assert said[0].startswith("Complex roots: 0.5 + 0.5 i and 0.5 \N{MINUS SIGN} 0.5 i.")
