using System.Runtime.CompilerServices;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>ld and st: finds out which lanes access which memory.</summary>
/// <param name="address">The operand that holds the addresses.</param>
/// <param name="bytes">What each lane accesses.</param>
internal abstract unsafe class MemoryStep(AddressOperand address, int bytes) : Step
{
    private readonly StateSpace _space = address.Space;

    protected AddressOperand Operand { get; } = address;

    protected int AccessBytes { get; } = bytes;

    public override void Run(Warp warp)
    {
        var addresses = Addresses.Of(warp, Operand);
        switch (_space)
        {
            case StateSpace.Shared:
                OnShared(warp, addresses, warp.Active, 0);
                break;
            case StateSpace.Local:
                OnLocal(warp, addresses, warp.Active, 0);
                break;
            case StateSpace.Generic:
                OnGeneric(warp, addresses);
                break;
            default:
                OnGlobal(warp, addresses);
                break;
        }
    }

    /// <summary>All active lanes access global memory.</summary>
    protected abstract void OnGlobal(Warp warp, ulong* addresses);

    /// <summary>Some lanes access global memory, one by one.</summary>
    protected abstract void OnGlobal(Warp warp, ulong* addresses, uint lanes);

    /// <summary>Some lanes access shared memory.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="addresses">The addresses of all lanes.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="window">Where the memory begins among generic addresses.</param>
    protected abstract void OnShared(Warp warp, ulong* addresses, uint lanes, ulong window);

    /// <inheritdoc cref="OnShared"/>
    /// <summary>Some lanes access their local memory.</summary>
    protected abstract void OnLocal(Warp warp, ulong* addresses, uint lanes, ulong window);

    private void OnGeneric(Warp warp, ulong* addresses)
    {
        uint shared = 0, local = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            shared |= Windows.IsShared(addresses[lane]) ? 1u << lane : 0;
            local |= Windows.IsLocal(addresses[lane]) ? 1u << lane : 0;
        }
        if ((shared | local) == 0)
        {
            OnGlobal(warp, addresses);
            return;
        }
        // What is loaded may lie over the addresses.
        if (addresses != warp.Addresses)
            Unsafe.CopyBlock(warp.Addresses, addresses, Lanes.Count * sizeof(ulong));
        OnShared(warp, warp.Addresses, shared, Windows.Shared);
        OnLocal(warp, warp.Addresses, local, Windows.Local);
        OnGlobal(warp, warp.Addresses, warp.Active & ~(shared | local));
    }
}
