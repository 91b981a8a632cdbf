#!/usr/bin/env python3
"""Calls the functions of CUDA's driver that ILGPU and GpuOptim need, one by one, so that the first refusal has a name: driver.py

A line for each: its name, and ok or the error. Ends with 0 if all went well, 1 if one did not, 2 if there is no driver. Needs nothing but Python.
"""
import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_ubyte, c_uint, c_uint64, c_void_p

PTX = b"""
.version 6.4
.target sm_75
.address_size 64
.extern .shared .align 16 .b8 dynamic[];
.visible .entry twice(.param .u64 numbers)
{
    .reg .b32 %r<4>;
    .reg .b64 %rd<4>;
    ld.param.u64 %rd1, [numbers];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd2, %r1, 4;
    add.s64 %rd3, %rd1, %rd2;
    ld.global.u32 %r2, [%rd3];
    add.s32 %r3, %r2, %r2;
    st.global.u32 [%rd3], %r3;
    ret;
}
"""
# What ILGPU asks of a device: https://docs.nvidia.com/cuda/cuda-driver-api, CUdevice_attribute.
ATTRIBUTES = {
    "compute capability, major": 75, "minor": 76, "multiprocessors": 16, "warp size": 10, "threads a multiprocessor": 39, "threads a block": 1,
    "grid x": 5, "grid y": 6, "grid z": 7, "shared memory a block": 8, "shared memory a block, opt-in": 97, "shared memory a multiprocessor": 81,
    "registers a multiprocessor": 82, "registers a block": 12, "L2 bytes": 38, "clock, kHz": 13, "memory clock, kHz": 36, "memory bus, bits": 37,
    "copy engines": 40, "ECC": 32, "managed memory": 83, "maps host memory": 19, "constant memory": 9, "pitch": 11, "TCC": 35, "preemption": 90,
}
failed = False


def main():
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as error:
        print(f"no CUDA driver: {error}")
        sys.exit(2)

    def call(name, *arguments, note=None):
        """Calls a function whose arguments carry their types, and says what came of it."""
        global failed
        try:
            function = getattr(cuda, name)
        except AttributeError:
            print(f"{name}: the driver has no such function")
            failed = True
            return False
        code = function(*arguments)
        if code:
            text = c_char_p()
            cuda.cuGetErrorName(c_int(code), byref(text))
            failed = True
            print(f"{name}: {(text.value or b'?').decode()} ({code})")
            return False
        print(f"{name}: ok{f', {note()}' if note else ''}")
        return True

    version, count, device, value = c_int(), c_int(), c_int(), c_int()
    if not call("cuInit", c_uint(0)):
        return
    call("cuDriverGetVersion", byref(version), note=lambda: version.value)
    if not call("cuDeviceGetCount", byref(count), note=lambda: f"{count.value} devices") or count.value == 0:
        return
    call("cuDeviceGet", byref(device), c_int(0))
    name = ctypes.create_string_buffer(256)
    call("cuDeviceGetName", name, c_int(256), device, note=lambda: name.value.decode())
    total = c_size_t()
    call("cuDeviceTotalMem_v2", byref(total), device, note=lambda: f"{total.value >> 20} MiB")
    for what, attribute in ATTRIBUTES.items():
        call("cuDeviceGetAttribute", byref(value), c_int(attribute), device, note=lambda: f"{what} {value.value}")

    context = c_void_p()
    if not call("cuCtxCreate_v2", byref(context), c_uint(0), device):
        return
    call("cuCtxSetCurrent", context)
    call("cuCtxGetSharedMemConfig", byref(value), note=lambda: value.value)
    call("cuCtxGetCacheConfig", byref(value), note=lambda: value.value)
    free = c_size_t()
    call("cuMemGetInfo_v2", byref(free), byref(total), note=lambda: f"{free.value >> 20} MiB free")

    length = 32
    memory, host, stream, event, end = c_uint64(), c_void_p(), c_void_p(), c_void_p(), c_void_p()
    call("cuMemAlloc_v2", byref(memory), c_size_t(4 * length))
    call("cuMemAllocHost_v2", byref(host), c_size_t(4 * length))
    numbers = ctypes.cast(host, POINTER(c_uint))
    call("cuStreamCreate", byref(stream), c_uint(0))
    call("cuEventCreate", byref(event), c_uint(0))
    call("cuEventCreate", byref(end), c_uint(0))
    call("cuMemsetD8Async", memory, c_ubyte(0), c_size_t(4 * length), stream)
    if host.value:
        for i in range(length):
            numbers[i] = i
    call("cuMemcpyAsync", memory, c_uint64(host.value or 0), c_size_t(4 * length), stream)
    call("cuEventRecord", event, stream)

    module, function = c_void_p(), c_void_p()
    # As ILGPU: logs for what goes wrong, and their sizes. CU_JIT_INFO_LOG_BUFFER 3, its size 4, CU_JIT_ERROR_LOG_BUFFER 5, its size 6.
    log = ctypes.create_string_buffer(4096)
    options, values = (c_int * 2)(5, 6), (c_void_p * 2)(ctypes.addressof(log), 4096)
    call("cuModuleLoadDataEx", byref(module), c_char_p(PTX), c_uint(2), options, values, note=lambda: "PTX compiled")
    call("cuModuleGetFunction", byref(function), module, c_char_p(b"twice"))
    call("cuFuncGetAttribute", byref(value), c_int(4), function, note=lambda: f"{value.value} registers")
    # What the product on tensor cores asks for: CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
    call("cuFuncSetAttribute", function, c_int(8), c_int(80 << 10))
    call("cuOccupancyMaxActiveBlocksPerMultiprocessor", byref(value), function, c_int(length), c_size_t(80 << 10), note=lambda: f"{value.value} groups with 80 KB")
    arguments = (c_void_p * 1)(ctypes.addressof(memory))
    call("cuLaunchKernel", function, *[c_uint(n) for n in (1, 1, 1, length, 1, 1, 80 << 10)], stream, arguments, c_void_p())
    call("cuMemcpyAsync", c_uint64(host.value or 0), memory, c_size_t(4 * length), stream)
    call("cuEventRecord", end, stream)
    call("cuStreamSynchronize", stream)
    call("cuEventSynchronize", end)
    call("cuEventQuery", end)
    milliseconds = c_float()
    call("cuEventElapsedTime", byref(milliseconds), event, end, note=lambda: f"{milliseconds.value:.3f} ms")
    right = bool(host.value) and all(numbers[i] == 2 * i for i in range(length))
    print(f"the kernel's result: {'right' if right else 'wrong'}")

    # What keeps a thread's context, and looks whose streams and pointers are.
    current, known = c_void_p(), c_uint64()
    call("cuCtxGetCurrent", byref(current), note=lambda: "the one that was set" if current.value == context.value else "another one")
    call("cuCtxPushCurrent_v2", context)
    call("cuCtxPopCurrent_v2", byref(current))
    call("cuStreamGetCtx", stream, byref(current))
    for what, attribute in {"context": 1, "memory type": 2, "device": 9}.items():
        known.value = 0
        call("cuPointerGetAttribute", byref(known), c_int(attribute), memory, note=lambda: f"{what} {known.value:#x}")
    call("cuStreamWaitEvent", stream, end, c_uint(0))

    # A step as a graph: what the page-locked memory holds is read when the graph runs, on the default stream.
    capturing, graph, executable = c_void_p(), c_void_p(), c_void_p()
    call("cuStreamCreate", byref(capturing), c_uint(1))
    call("cuStreamBeginCapture_v2", capturing, c_int(1))
    call("cuMemcpyAsync", memory, c_uint64(host.value or 0), c_size_t(4 * length), capturing)
    call("cuLaunchKernel", function, *[c_uint(n) for n in (1, 1, 1, length, 1, 1, 80 << 10)], capturing, arguments, c_void_p())
    call("cuMemcpyAsync", c_uint64(host.value or 0), memory, c_size_t(4 * length), capturing)
    call("cuStreamEndCapture", capturing, byref(graph))
    call("cuGraphInstantiateWithFlags", byref(executable), graph, c_uint64(0))
    call("cuGraphDestroy", graph)
    for factor in (1, 3):
        for i in range(length):
            numbers[i] = factor * i
        call("cuGraphLaunch", executable, c_void_p())
        call("cuStreamSynchronize", c_void_p())
        right = right and all(numbers[i] == 2 * factor * i for i in range(length))
    print(f"the graph's results: {'right' if right else 'wrong'}")
    call("cuGraphExecDestroy", executable)
    call("cuStreamDestroy_v2", capturing)

    # The primary context, for engines on CUDA's runtime.
    primary, flags, active, number = c_void_p(), c_uint(), c_int(), c_uint64()
    call("cuDevicePrimaryCtxRetain", byref(primary), device)
    call("cuDevicePrimaryCtxGetState", device, byref(flags), byref(active), note=lambda: "active" if active.value else "not active")
    # Since CUDA 12; without it a context that was reset and made again is not told from the one before.
    if hasattr(cuda, "cuCtxGetId"):
        call("cuCtxGetId", primary, byref(number), note=lambda: number.value)
    call("cuDevicePrimaryCtxRelease_v2", device)

    call("cuEventDestroy_v2", event)
    call("cuEventDestroy_v2", end)
    call("cuStreamDestroy_v2", stream)
    call("cuMemFreeHost", host)
    call("cuMemFree_v2", memory)
    call("cuModuleUnload", module)
    call("cuCtxSynchronize")
    call("cuCtxDestroy_v2", context)
    global failed
    failed |= not right


main()
print("ILGPU's needs are met" if not failed else "something is missing")
sys.exit(1 if failed else 0)
