import networkx


def answer() -> str:
    """Paths, ranks and flows."""
    graph = networkx.Graph(
        [(1, 2, {"weight": 4}), (2, 3, {"weight": 1}), (1, 3, {"weight": 7}), (3, 4, {"weight": 2})]
    )
    tree = sorted(networkx.minimum_spanning_tree(graph).edges())
    path = networkx.dijkstra_path(graph, 1, 4)
    between = {node: round(value, 6) for node, value in networkx.betweenness_centrality(graph).items()}
    flow = networkx.DiGraph()
    flow.add_edge("s", "a", capacity=3)
    flow.add_edge("a", "t", capacity=2)
    return repr(
        (tree, path, between, networkx.maximum_flow_value(flow, "s", "t"), networkx.is_bipartite(graph))
    )
