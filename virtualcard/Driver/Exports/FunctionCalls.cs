using System.Runtime.InteropServices;
using VirtualCard.Driver.Cards;

namespace VirtualCard.Driver.Exports;

/// <summary>Kernels: their attributes, and how many blocks a multiprocessor takes.</summary>
internal static unsafe class FunctionCalls
{
    private const int MaxDynamicShared = 8;

    private const int PreferredCarveout = 9;

    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetModule")]
    private static Result GetModule(ulong* result, ulong function) => Entry.InContext("cuFuncGetModule", context =>
        DeviceCalls.Give(result, Find(function, context).Module.Handle));

    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetAttribute")]
    private static Result GetAttribute(int* value, int attribute, ulong handle) => Entry.InContext("cuFuncGetAttribute", context =>
    {
        var function = Find(handle, context);
        return DeviceCalls.Give(value, attribute switch
        {
            0 => function.MaxThreads,
            1 => function.Kernel.StaticSharedBytes,
            2 => 0,
            3 => function.Kernel.LocalBytes,
            4 => function.Registers,
            5 or 6 => context.Card.Model.Architecture,
            7 => 0,
            MaxDynamicShared => function.MaxDynamicShared,
            PreferredCarveout => function.PreferredCarveout,
            _ => throw new DriverException(Result.InvalidValue, $"there is no attribute {attribute}"),
        });
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetAttribute")]
    private static Result SetAttribute(ulong handle, int attribute, int value) => Entry.InContext("cuFuncSetAttribute", context =>
    {
        var function = Find(handle, context);
        var most = context.Card.Model.MaxSharedBytes - function.Kernel.StaticSharedBytes;
        switch (attribute)
        {
            case MaxDynamicShared when value >= 0 && value <= most:
                function.MaxDynamicShared = value;
                return Result.Success;
            case MaxDynamicShared:
                throw new DriverException(Result.InvalidValue, $"{function}: {value} bytes of dynamic shared memory, {most} are possible beside {function.Kernel.StaticSharedBytes} static ones");
            case PreferredCarveout when value is >= -1 and <= 100:
                function.PreferredCarveout = value;
                return Result.Success;
            default:
                throw new DriverException(Result.InvalidValue, $"{function}: the attribute {attribute} cannot be {value}");
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetCacheConfig")]
    private static Result SetCacheConfig(ulong handle, int configuration) => Entry.InContext("cuFuncSetCacheConfig", context =>
    {
        _ = Find(handle, context);
        return configuration is >= 0 and <= 3 ? Result.Success : throw new DriverException(Result.InvalidValue, $"there is no configuration {configuration}");
    });

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessor")]
    private static Result MaxActiveBlocks(int* result, ulong handle, int threads, nuint dynamicShared) => MaxActiveBlocksIn("cuOccupancyMaxActiveBlocksPerMultiprocessor", result, handle, threads, dynamicShared);

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags")]
    private static Result MaxActiveBlocksWithFlags(int* result, ulong handle, int threads, nuint dynamicShared, uint flags) =>
        MaxActiveBlocksIn("cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", result, handle, threads, flags > 1 ? nuint.MaxValue : dynamicShared);

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxPotentialBlockSize")]
    private static Result MaxPotentialBlockSize(int* minGrid, int* blockSize, ulong handle, delegate* unmanaged<int, nuint> sharedOf, nuint dynamicShared, int limit) =>
        Entry.InContext("cuOccupancyMaxPotentialBlockSize", context =>
        {
            DeviceCalls.CheckOutput(minGrid);
            DeviceCalls.CheckOutput(blockSize);
            var function = Find(handle, context);
            var model = context.Card.Model;
            var most = limit > 0 ? Math.Min(limit, function.MaxThreads) : function.MaxThreads;
            var (best, bestBlocks) = (0, 0);
            for (var threads = most; threads > 0; threads = (threads - 1) / CardModel.WarpSize * CardModel.WarpSize)
            {
                var shared = sharedOf == null ? dynamicShared : AskFor(sharedOf, threads);
                var blocks = shared > int.MaxValue ? 0 : Occupancy.BlocksPerMultiprocessor(model, function, threads, (long)shared);
                if (blocks * threads > best * bestBlocks)
                    (best, bestBlocks) = (threads, blocks);
            }
            (*blockSize, *minGrid) = (best, bestBlocks * model.Multiprocessors);
            return best > 0 ? Result.Success : throw new DriverException(Result.InvalidValue, $"{function}: no block of this kernel fits a multiprocessor");
        });

    public static DriverFunction Find(ulong handle, CardContext context)
    {
        var function = Machine.Handles.Get<DriverFunction>(handle, "kernel");
        return function.Context == context ? function : throw new DriverException(Result.InvalidHandle, $"{function} is of {function.Context}, not of the current {context}");
    }

    private static Result MaxActiveBlocksIn(string call, int* result, ulong handle, int threads, nuint dynamicShared) => Entry.InContext(call, context =>
    {
        var function = Find(handle, context);
        if (threads <= 0 || dynamicShared > int.MaxValue)
            throw new DriverException(Result.InvalidValue, $"{function}: a block of {threads} threads and {dynamicShared} bytes of dynamic shared memory");
        return DeviceCalls.Give(result, Occupancy.BlocksPerMultiprocessor(context.Card.Model, function, threads, (long)dynamicShared));
    });

    // A function of the host runs without the lock.
    private static nuint AskFor(delegate* unmanaged<int, nuint> sharedOf, int threads)
    {
        var call = Machine.Call;
        Monitor.Exit(Machine.Gate);
        try
        {
            return sharedOf(threads);
        }
        finally
        {
            Monitor.Enter(Machine.Gate);
            Machine.Call = call;
        }
    }
}
