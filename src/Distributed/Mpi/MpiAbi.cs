using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Mpi;

/// <summary>
/// The constants in which implementations of MPI differ: all that their <c>mpi.h</c> tells a compiler, and a program that looks the library up cannot ask.
/// </summary>
/// <remarks>
/// Handles are pointers or ints. All are kept, and handed over, as <see cref="nint"/>: in the 64-bit calling conventions an int argument is the lower half
/// of a register or of an 8-byte slot, and an int that is written to a zeroed <see cref="nint"/> is found again there.
/// </remarks>
/// <param name="Family">What they are called.</param>
internal sealed record MpiAbi(string Family)
{
    public nint CommWorld { get; private init; }

    public nint Byte { get; private init; }

    public nint Float { get; private init; }

    public nint Double { get; private init; }

    public nint Sum { get; private init; }

    public nint ErrorsReturn { get; private init; }

    public nint InfoNull { get; private init; }

    public nint InPlace { get; private init; }

    public nint StatusIgnore { get; private init; }

    /// <summary>Asks <c>MPI_Comm_split_type</c> for the ranks that share memory.</summary>
    public int CommTypeShared { get; private init; }

    /// <summary>
    /// MPICH 3.1 and later, and what keeps to its ABI: Intel MPI, MVAPICH, Cray MPICH, ParaStation. Numbers from <c>src/include/mpi.h.in</c> of pmodels/mpich.
    /// MS-MPI, which grew out of MPICH, has the same, from <c>src/include/mpi.h</c> of microsoft/Microsoft-MPI; its <c>__stdcall</c> is the only convention
    /// there is on 64 bits.
    /// </summary>
    public static MpiAbi Mpich { get; } = new("MPICH")
    {
        CommWorld = 0x44000000,
        Byte = 0x4c00010d,
        Float = 0x4c00040a,
        Double = 0x4c00080b,
        Sum = 0x58000003,
        ErrorsReturn = 0x54000001,
        InfoNull = 0x1c000000,
        InPlace = -1,
        StatusIgnore = 1,
        CommTypeShared = 1,
    };

    /// <summary>Open MPI, 1.8 to 5: handles are addresses of exported objects. From <c>ompi/include/mpi.h.in</c> of open-mpi/ompi.</summary>
    public static MpiAbi OpenMpi(nint library) => new("Open MPI")
    {
        CommWorld = NativeLibrary.GetExport(library, OpenMpiWorld),
        Byte = NativeLibrary.GetExport(library, "ompi_mpi_byte"),
        Float = NativeLibrary.GetExport(library, "ompi_mpi_float"),
        Double = NativeLibrary.GetExport(library, "ompi_mpi_double"),
        Sum = NativeLibrary.GetExport(library, "ompi_mpi_op_sum"),
        ErrorsReturn = NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
        InfoNull = NativeLibrary.GetExport(library, "ompi_mpi_info_null"),
        InPlace = 1,
        StatusIgnore = 0,
        CommTypeShared = 0,
    };

    /// <summary>Which of the two a library is.</summary>
    public static MpiAbi Of(nint library) => NativeLibrary.TryGetExport(library, OpenMpiWorld, out _) ? OpenMpi(library) : Mpich;

    private const string OpenMpiWorld = "ompi_mpi_comm_world";
}
