using System.Runtime.InteropServices;
using VirtualCard.Driver.Graphs;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Graphs.</summary>
internal static unsafe class GraphCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiateWithFlags")]
    private static Result InstantiateWithFlags(ulong* result, ulong graph, ulong flags) => Entry.InContext("cuGraphInstantiateWithFlags", context =>
    {
        const ulong KnownFlags = 0xF;
        return (flags & ~KnownFlags) == 0 ? Instantiate(context, result, graph) : throw new DriverException(Result.InvalidValue, $"there are no such flags: 0x{flags:x}");
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiate_v2")]
    private static Result Instantiate2(ulong* result, ulong graph, ulong* errorNode, byte* log, nuint logSize) => Entry.InContext("cuGraphInstantiate_v2", context =>
    {
        if (errorNode != null)
            *errorNode = 0;
        if (log != null && logSize > 0)
            *log = 0;
        return Instantiate(context, result, graph);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphLaunch")]
    private static Result Launch(ulong graph, ulong handle) => Entry.InContext("cuGraphLaunch", context =>
    {
        var executable = FindExecutable(graph);
        var stream = StreamCalls.FindAny(handle, context);
        stream.CheckLegacy();
        if (stream.Capture is { } capture)
        {
            capture.Invalidate();
            throw new DriverException(Result.StreamCaptureUnsupported, $"{stream} captures; graphs in graphs are not modelled");
        }
        if (stream.Owner != executable.Context)
            throw new DriverException(Result.InvalidValue, $"{executable} is of {executable.Context}, {stream} of {stream.Owner}");
        Machine.Counters.GraphLaunches++;
        executable.Launch(stream);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphUpload")]
    private static Result Upload(ulong graph, ulong handle) => Entry.InContext("cuGraphUpload", context =>
    {
        _ = FindExecutable(graph);
        _ = StreamCalls.FindAny(handle, context);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecDestroy")]
    private static Result ExecutableDestroy(ulong graph) => Entry.Destroying("cuGraphExecDestroy", _ =>
    {
        FindExecutable(graph).Destroy();
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphDestroy")]
    private static Result Destroy(ulong graph) => Entry.Destroying("cuGraphDestroy", _ =>
    {
        Find(graph).Destroy();
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphGetNodes")]
    private static Result GetNodes(ulong graph, ulong* nodes, nuint* count) => Entry.InContext("cuGraphGetNodes", _ =>
    {
        DeviceCalls.CheckOutput(count);
        var found = Find(graph).Nodes;
        if (nodes != null)
        {
            for (var i = 0; i < (int)*count; i++)
                nodes[i] = i < found.Count ? found[i].Handle : 0;
        }
        *count = nodes == null ? (nuint)found.Count : Math.Min(*count, (nuint)found.Count);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetType")]
    private static Result NodeGetType(ulong node, int* type) => Entry.InContext("cuGraphNodeGetType", _ =>
        DeviceCalls.Give(type, Machine.Handles.Get<GraphNode>(node, "node").Operation switch
        {
            LaunchOperation => 0,
            CopyOperation => 1,
            FillOperation => 2,
            HostOperation => 3,
            WaitOperation => 6,
            RecordOperation => 7,
            _ => 5,
        }));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecUpdate_v2")]
    private static Result Update(ulong executable, ulong graph, UpdateOutcome* outcome) => Entry.InContext("cuGraphExecUpdate_v2", _ =>
    {
        const int TopologyChanged = 2;
        const int ParametersChanged = 5;
        DeviceCalls.CheckOutput(outcome);
        var (target, source) = (FindExecutable(executable), Find(graph));
        var (mine, other, isTopology) = target.FindConflict(source);
        if (isTopology || mine is not null)
        {
            *outcome = new() { Kind = isTopology ? TopologyChanged : ParametersChanged, Node = other?.Handle ?? 0, From = mine?.Handle ?? 0 };
            throw new DriverException(Result.GraphExecUpdateFailure, $"{source} differs from {target} in {(isTopology ? "its dependencies" : "the kind of a node")}: {other}");
        }
        target.Update(source);
        *outcome = default;
        return Result.Success;
    });

    private static Graph Find(ulong graph) => Machine.Handles.Get<Graph>(graph, "graph");

    private static ExecutableGraph FindExecutable(ulong graph) => Machine.Handles.Get<ExecutableGraph>(graph, "executable graph");

    private static Result Instantiate(CardContext context, ulong* result, ulong graph)
    {
        DeviceCalls.CheckOutput(result);
        *result = new ExecutableGraph(context, Find(graph)).Handle;
        return Result.Success;
    }
}
