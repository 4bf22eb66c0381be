"""The picture of a clustering run: what is drawn, where, and by what clusters are told apart."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.clustering_runs import NOISE, Cluster, ClusterShape, Placement
from assay.domain.cluster_charts import COLORS, GREY, Scatter, Shape, drawn, mark_svg, marks_of, scatter_svg
from assay.domain.cluster_charts.drawn import shares_of
from assay.domain.cluster_charts.frame import HEIGHT, WIDTH, Frame
from assay.domain.cluster_charts.labels import Name, laid_out, text_width
from tests.harness.markup import Elements

FINITE = st.floats(allow_nan=False, allow_infinity=False)
CLUSTERS = st.integers(NOISE, 40)
PLACEMENTS = st.lists(
    st.builds(
        Placement,
        item_id=st.text(max_size=8),
        cluster=CLUSTERS,
        distance=st.just(0.0),
        rank=st.just(0),
        x=FINITE,
        y=FINITE,
    ),
    max_size=60,
)
POINT = re.compile(r'<path d="M(\S+) (\S+?)[hl]')


def shape(cluster: int, *, size: int = 1, x: float = 0.0, y: float = 0.0) -> ClusterShape:
    return ClusterShape(id=cluster, size=size, x=x, y=y)


def placement(item: str, cluster: int = 0, *, x: float = 0.0, y: float = 0.0) -> Placement:
    return Placement(item_id=item, cluster=cluster, distance=0, rank=0, x=x, y=y)


def picture(
    points: list[Placement],
    *,
    names: dict[int, str] | None = None,
    titles: dict[str, str] | None = None,
    ids: list[int] | None = None,
) -> str:
    """The plot of these points and of all clusters that they belong to."""
    sizes = Counter(point.cluster for point in points)
    known = [
        shape(cluster, size=sizes[cluster]) for cluster in (ids or sorted(sizes, key=lambda c: -sizes[c]))
    ]
    scatter = Scatter(
        clusters=[Cluster(shape=each) for each in known],
        names=names or {},
        marks=marks_of(known),
        points=points,
        titles=titles or {},
    )
    return scatter_svg(scatter, label="Label", words="Words")


@given(PLACEMENTS)
def test_every_item_is_in_the_picture(points: list[Placement]) -> None:
    svg = picture(points)
    places = [(float(x), float(y)) for x, y in POINT.findall(svg)]
    assert len(places) == len(points)
    assert "nan" not in svg
    assert "inf" not in svg
    for x, y in places:
        assert 0 < x < WIDTH
        assert 0 < y < HEIGHT


@given(PLACEMENTS)
def test_every_item_is_drawn_in_the_colour_of_its_cluster(points: list[Placement]) -> None:
    groups = re.findall(r'<g class="(\w+ c[-\w]+)">(.*?)</g>', picture(points))
    sizes = Counter(point.cluster for point in points)
    marks = marks_of([shape(cluster) for cluster in sorted(sizes, key=lambda c: -sizes[c])])
    wanted = Counter[str]()
    for cluster, size in sizes.items():
        color, form = marks[cluster].color, marks[cluster].shape
        wanted[f"{form} c{'-none' if color is None else color}"] += size
    found = Counter[str]()
    for classes, inside in groups:
        found[classes] += inside.count("<path")
    assert found == wanted


@given(st.lists(st.tuples(FINITE, FINITE), min_size=2))
def test_an_order_of_places_stays_that_order(places: list[tuple[float, float]]) -> None:
    frame = Frame.around(places)
    across = [frame.at(x, y)[0] for x, y in sorted(places)]
    down = [frame.at(x, y)[1] for x, y in sorted(places, key=lambda place: place[1])]
    assert across == sorted(across)
    assert down == sorted(down, reverse=True)


def test_the_items_fill_the_picture() -> None:
    frame = Frame.around([(-2.0, 10.0), (4.0, 30.0)])
    assert (frame.at(-2, 10), frame.at(4, 30), frame.at(1, 20)) == ((20, 620), (940, 20), (480, 320))


def test_what_nothing_can_be_said_of_is_in_the_middle() -> None:
    assert Frame.around([]).at(3, 4) == (480, 320)
    assert Frame.around([(7.0, 7.0)]).at(7, 7) == (480, 320)


@given(st.dictionaries(CLUSTERS, st.integers(1, 400), min_size=1), st.integers(1, 500))
def test_no_cluster_gets_more_places_than_it_has_items(sizes: dict[int, int], most: int) -> None:
    total = sum(sizes.values())
    if total <= most:
        return
    shares = shares_of(sizes, most)
    assert sum(shares.values()) <= most
    assert all(0 <= shares[cluster] <= size for cluster, size in sizes.items())
    least = min(20, most // (2 * len(sizes)))
    assert all(shares[cluster] >= min(size, least) for cluster, size in sizes.items())


def test_of_many_items_each_cluster_has_its_share() -> None:
    items = [placement(f"{cluster}-{number}", cluster) for cluster, size in ((1, 30_000), (2, 19_000), (3, 30))
             for number in range(size)]  # fmt: skip
    chosen = Counter(each.cluster for each in drawn(items))
    assert 4_900 < chosen.total() <= 5_000
    assert chosen[1] / chosen[2] == pytest.approx(30 / 19, rel=0.02)
    assert 20 <= chosen[3] <= 22


def test_all_of_few_items_are_drawn() -> None:
    items = [placement(str(number)) for number in range(5_000)]
    assert drawn(items) == items


def test_the_next_run_draws_the_same_items() -> None:
    items = [placement(str(number), x=number) for number in range(3_000)]
    first = {each.item_id for each in drawn(items, most=300)}
    moved = [each.model_copy(update={"x": -each.x, "cluster": 8}) for each in reversed(items)]
    assert {each.item_id for each in drawn(moved, most=300)} == first
    fewer = {each.item_id for each in drawn(items[300:], most=300)}
    assert len(first & fewer) >= len([each for each in first if int(each) >= 300]) > 200


def test_ids_that_are_no_text_are_drawn_too() -> None:
    assert len(drawn([placement("\ud83d"), placement("b"), placement("c")], most=2)) == 2


@given(st.lists(st.integers(0, 500), unique=True, max_size=60))
def test_the_largest_clusters_have_colours_of_their_own(ids: list[int]) -> None:
    marks = marks_of([*map(shape, ids), shape(NOISE)])
    large, small = ids[:COLORS], ids[COLORS:]
    assert len({marks[each].color for each in large}) == len(large)
    assert {marks[each].shape for each in small} <= {Shape.CROSS}
    assert Shape.CROSS not in {marks[each].shape for each in large}
    assert all(mark.color is not None for each, mark in marks.items() if each != NOISE)
    assert marks[NOISE] == GREY


def test_a_cluster_keeps_its_colour_while_older_ones_do_not_need_it() -> None:
    before = marks_of([shape(cluster) for cluster in (4, 0, 9, 2)])
    after = marks_of([shape(cluster) for cluster in (9, 17, 0, 4, 30)])
    assert {each: before[each] for each in (0, 4, 9)} == {each: after[each] for each in (0, 4, 9)}


TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@given(
    st.lists(st.builds(Name, TEXTS, st.floats(0, WIDTH), st.floats(0, HEIGHT)), max_size=40),
    st.sampled_from([13.0, 38.0]),
)
def test_no_name_covers_another_one_or_leaves_the_picture(names: list[Name], size: float) -> None:
    placed = laid_out(names, size=size)
    assert {each.text for each in placed} <= {each.text for each in names}
    boxes = [(each.x - text_width(each.text) * size / 2, each.y - 0.9 * size, text_width(each.text) * size, 1.2 * size)
             for each in placed]  # fmt: skip
    for (left, top, width, height), (left_too, top_too, width_too, height_too) in combinations(boxes, 2):
        apart = left + width <= left_too + 0.1 or left_too + width_too <= left + 0.1
        assert apart or top + height <= top_too + 0.1 or top_too + height_too <= top + 0.1
    for left, top, width, height in boxes:
        assert left >= -0.1
        assert top >= -0.1
        assert left + width <= WIDTH + 0.1
        assert top + height <= HEIGHT + 0.1


def test_a_name_stands_at_its_cluster_where_there_is_room() -> None:
    [one, other] = laid_out([Name("Refunds", 400, 300), Name("Parcels", 410, 302)], size=13)
    assert (one.x, one.y) == (400, pytest.approx(300 + 0.35 * 13, abs=0.1))
    assert math.dist(other[1:], (410, 302)) < 40


def test_names_that_find_no_room_are_left_out() -> None:
    crowd = [Name(f"The name of cluster {number}", 480, 320) for number in range(60)]
    placed = laid_out(crowd, size=38)
    assert 0 < len(placed) < 60
    assert placed[0].text == "The name of cluster 0"


def test_an_item_says_what_it_is() -> None:
    svg = picture([placement("a"), placement("b")], titles={"a": "Where is\n my parcel? " + "x" * 100})
    [title] = re.findall("<title>(.*?)</title>", svg)
    assert title.startswith("Where is my parcel? xx")
    assert title.endswith("…")
    assert len(title) == 80


def test_names_and_numbers_are_written_beside_the_clusters() -> None:
    svg = picture(
        [placement("a", 7), placement("b", NOISE)], names={7: "Refunds <late> & more", NOISE: "No cluster"}
    )
    assert ">7 Refunds &lt;late&gt; &amp; more</text>" in svg
    assert ">7</text>" in svg
    assert "No cluster" not in svg


HOSTILE = '"></title><script>alert(1)</script><path onload="x" style="y">&lt;'


def test_nothing_of_a_text_becomes_markup() -> None:
    scatter = Scatter([Cluster(shape=shape(1))], {1: HOSTILE}, {}, [placement("a", 1)], {"a": HOSTILE})
    elements = Elements(scatter_svg(scatter, label=HOSTILE, words=HOSTILE))
    assert elements.tags == ["svg", "desc", "g", "path", "title", "g", "text", "g", "text"]
    assert {name for name, _ in elements.attributes}.isdisjoint({"style", "onload"})
    assert elements.text.count("<script>alert(1)") == 3
    assert dict(elements.attributes)["aria-label"] == HOSTILE


def test_the_mark_of_a_cluster_is_drawn_by_itself() -> None:
    marks = marks_of([shape(cluster) for cluster in range(13)])
    assert 'class="dot c0"' in mark_svg(marks[0])
    assert 'class="square c1"' in mark_svg(marks[1])
    assert 'class="cross c0"' in mark_svg(marks[12])
    assert 'class="dot c-none"' in mark_svg(GREY)
    assert 'aria-hidden="true"' in mark_svg(GREY)
