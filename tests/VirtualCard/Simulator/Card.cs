using System.Runtime.InteropServices;
using VirtualCard.Execution;
using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Memory, and kernels that are run on it.</summary>
internal sealed unsafe class Card : IDisposable
{
    public AddressSpace Memory { get; } = new();

    public void Dispose() => Memory.Dispose();

    public DeviceArray<T> Allocate<T>(T[] numbers, string name = "array") where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes<T>(numbers);
        var allocation = Memory.Allocate(bytes.Length, name);
        bytes.CopyTo(new(allocation.Data, bytes.Length));
        allocation.MarkWritten(0, bytes.Length);
        return new(Memory, allocation);
    }

    public DeviceArray<T> Zeros<T>(int length, string name = "array") where T : unmanaged => Allocate(new T[length], name);

    /// <summary>The same, so many bytes behind a multiple of 256.</summary>
    public DeviceArray<byte> Allocate(byte[] bytes, int misalignment) => Allocate((byte[])[.. new byte[misalignment], .. bytes]).From(misalignment);

    /// <summary>What nobody has written holds NaN, and may be read.</summary>
    public DeviceArray<T> Poisoned<T>(int length) where T : unmanaged => new(Memory, Memory.Allocate((long)length * sizeof(T), "array", isTracked: false));

    /// <summary>Runs a module's only kernel, counting; <paramref name="with"/> changes how.</summary>
    public Statistics Launch(string ptx, Dim3 grid, Dim3 block, object[] arguments, Func<LaunchRequest, LaunchRequest>? with = null, bool contracts = false)
    {
        using var module = new LoadedModule(Module.Parse(ptx), Memory, contracts: contracts);
        var kernel = module.GetKernel(module.Module.Kernels.Single());
        LaunchRequest request = new() { Grid = grid, Block = block, Parameters = Pack(kernel, arguments), CountsAccesses = true };
        return kernel.Launch(with is null ? request : with(request));
    }

    /// <summary>The bytes of a structure that a kernel takes by value.</summary>
    public static byte[] BytesOf<T>(T structure) where T : unmanaged => MemoryMarshal.AsBytes<T>([structure]).ToArray();

    /// <summary>The parameters' bytes: numbers as wide as their parameter, arrays by address or as views, bytes as they are.</summary>
    public static byte[] Pack(Kernel kernel, object[] arguments)
    {
        Assert.That(arguments, Has.Length.EqualTo(kernel.Parameters.Count), "parameters");
        var block = new byte[kernel.ParameterBytes];
        foreach (var (parameter, argument) in kernel.Parameters.Zip(arguments))
        {
            var bytes = argument switch
            {
                byte[] given => given,
                float number => BitConverter.GetBytes(number),
                double number => BitConverter.GetBytes(number),
                IDeviceArray array when parameter.Size == 16 => [.. BitConverter.GetBytes(array.Address), .. BitConverter.GetBytes(array.Length)],
                IDeviceArray array => BitConverter.GetBytes(array.Address),
                ulong number => BitConverter.GetBytes(number)[..parameter.Size],
                _ => BitConverter.GetBytes(((IConvertible)argument).ToInt64(null))[..parameter.Size],
            };
            Assert.That(bytes, Has.Length.EqualTo(parameter.Size), parameter.Name);
            bytes.CopyTo(block, parameter.Offset);
        }
        return block;
    }
}
