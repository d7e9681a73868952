// The kernels of the guide scenarios. kernels.ptx beside this file is made from it with NVRTC for
// compute_75; kernels.cc holds the host bodies that compute the same, in the same order.

extern "C" __global__ void vector_scale(double* values, unsigned long long count, double factor) {
  const unsigned long long i = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x;
  if (i < count) values[i] = values[i] * factor;
}

// One block; a fixed tree over 256 partial sums, so that the result does not depend on timing.
extern "C" __global__ void vector_sum(double* values, unsigned long long count, double start) {
  __shared__ double partial[256];
  double sum = 0.0;
  for (unsigned long long i = threadIdx.x; i < count; i += 256) sum = sum + values[i];
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (unsigned int width = 128; width > 0; width /= 2) {
    if (threadIdx.x < width) partial[threadIdx.x] += partial[threadIdx.x + width];
    __syncthreads();
  }
  if (threadIdx.x == 0) values[0] = start + partial[0];
}
