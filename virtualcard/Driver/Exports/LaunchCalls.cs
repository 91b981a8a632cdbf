using System.Runtime.InteropServices;
using VirtualCard.Driver.Cards;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Launches of kernels.</summary>
internal static unsafe class LaunchCalls
{
    // What ends and divides the other way to pass parameters.
    private const nuint BufferEnd = 0;

    private const nuint BufferPointer = 1;

    private const nuint BufferSize = 2;

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchKernel")]
    private static Result Launch(
        ulong handle, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared, ulong streamHandle, void** parameters, void** extra) =>
        Entry.InContext("cuLaunchKernel", context =>
        {
            var function = FunctionCalls.Find(handle, context);
            var stream = StreamCalls.Find(streamHandle, context);
            CheckSize(function, context.Card.Model, gridX, gridY, gridZ, blockX, blockY, blockZ, shared);
            var block = TakeParameters(function, parameters, extra);
            Machine.Counters.Launches++;
            stream.Submit(new LaunchOperation(function, new((int)gridX, (int)gridY, (int)gridZ), new((int)blockX, (int)blockY, (int)blockZ), (int)shared, block));
            return Result.Success;
        });

    private static void CheckSize(DriverFunction function, CardModel model, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared)
    {
        const uint MaxGrid = 65535;
        const uint MaxDepth = 64;
        var threads = (long)blockX * blockY * blockZ;
        if (gridX == 0 || gridY == 0 || gridZ == 0 || threads == 0)
            throw Wrong("an extent is 0");
        if (gridX > int.MaxValue || gridY > MaxGrid || gridZ > MaxGrid)
            throw Wrong($"a grid has at most {int.MaxValue} x {MaxGrid} x {MaxGrid} blocks");
        if (blockX > CardModel.MaxBlockThreads || blockY > CardModel.MaxBlockThreads || blockZ > MaxDepth || threads > CardModel.MaxBlockThreads)
            throw Wrong($"a block has at most {CardModel.MaxBlockThreads} threads, and a depth of {MaxDepth}");
        if (threads > function.MaxThreads)
            throw Wrong($"the kernel promises blocks of at most {function.MaxThreads} threads");
        if (function.Declared.Directives.TryGetValue("reqntid", out var required) && !required.AsSpan().SequenceEqual(((ReadOnlySpan<int>)[(int)blockX, (int)blockY, (int)blockZ])[..required.Length]))
            throw Wrong($"the kernel requires blocks of ({string.Join(", ", required)})");
        if (shared > function.MaxDynamicShared)
        {
            throw Wrong($"{shared} bytes of dynamic shared memory, {function.MaxDynamicShared} are allowed beside {function.Kernel.StaticSharedBytes} static ones"
                + $" (cuFuncSetAttribute may raise it to {model.MaxSharedBytes} in all)");
        }
        if (Occupancy.BlockRegisters(function.Registers, threads) is var registers and > CardModel.Registers)
            throw new DriverException(Result.LaunchOutOfResources, $"{function}: a block of {threads} threads of {function.Registers} registers takes {registers}, {CardModel.Registers} are there");

        DriverException Wrong(string finding) =>
            new(Result.InvalidValue, $"{function}, grid ({gridX}, {gridY}, {gridZ}), block ({blockX}, {blockY}, {blockZ}): {finding}");
    }

    private static byte[] TakeParameters(DriverFunction function, void** parameters, void** extra)
    {
        var kernel = function.Kernel;
        var block = new byte[kernel.ParameterBytes];
        if (parameters != null && extra != null)
            throw new DriverException(Result.InvalidValue, $"{function}: parameters are given in both ways");
        if (extra != null)
            TakeBuffer(function, extra, block);
        else if (parameters != null)
            TakeEach(function, parameters, block);
        else if (kernel.Parameters.Count > 0)
            throw new DriverException(Result.InvalidValue, $"{function} has {kernel.Parameters.Count} parameters, none are given");
        return block;
    }

    private static void TakeEach(DriverFunction function, void** parameters, byte[] block)
    {
        foreach (var (name, offset, size) in function.Kernel.Parameters)
        {
            if (*parameters == null)
                throw new DriverException(Result.InvalidValue, $"{function}: the pointer to the parameter {name} is null");
            new ReadOnlySpan<byte>(*parameters, size).CopyTo(block.AsSpan(offset));
            parameters++;
        }
    }

    private static void TakeBuffer(DriverFunction function, void** extra, byte[] block)
    {
        byte* buffer = null;
        nuint? size = null;
        for (; (nuint)(*extra) != BufferEnd; extra += 2)
        {
            switch ((nuint)(*extra))
            {
                case BufferPointer:
                    buffer = (byte*)extra[1];
                    break;
                case BufferSize:
                    size = *(nuint*)extra[1];
                    break;
                default:
                    throw new DriverException(Result.InvalidValue, $"{function}: extra has an unknown key 0x{(nuint)(*extra):x}");
            }
        }
        if (buffer == null || size is not { } bytes)
            throw new DriverException(Result.InvalidValue, $"{function}: extra lacks the buffer or its size");
        var expected = (nuint)function.Kernel.ParameterBytes;
        // A structure is as long as its alignment wants it.
        if (bytes < expected || bytes > (expected + 7) / 8 * 8)
            throw new DriverException(bytes < expected ? Result.InvalidValue : Result.LaunchOutOfResources, $"{function} takes {expected} bytes of parameters, {bytes} are given");
        new ReadOnlySpan<byte>(buffer, block.Length).CopyTo(block);
    }
}
