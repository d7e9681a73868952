// The ledger, the presets and the exceptions of the published samples: what their translations
// stand on.
#include "thresher/scenarios/guide/published/api.h"

#include <gtest/gtest.h>

namespace thresher::scenarios::published {
namespace {

TEST(Ledger, keeps_what_was_never_disposed) {
  Ledger ledger;
  const auto dropped = ledger.made("accelerator", "grain/1");
  const auto disposed = ledger.made("buffer", "grain/1");
  ledger.disposed(disposed);
  EXPECT_EQ(ledger.alive("accelerator"), 1u);
  EXPECT_EQ(ledger.alive("buffer"), 0u);
  ASSERT_EQ(ledger.undisposed().size(), 1u);
  EXPECT_EQ(ledger.undisposed().front().id, dropped);
}

TEST(Presets, have_the_values_that_the_guide_prints) {
  using std::chrono::seconds;
  EXPECT_EQ(presets::grain_deactivation.reset_type, ResetType::context);
  EXPECT_EQ(presets::grain_deactivation.timeout, seconds{5});
  EXPECT_TRUE(presets::error_recovery.force);
  EXPECT_EQ(presets::error_recovery.timeout, seconds{10});
  EXPECT_FALSE(presets::complete_cleanup.reinitialize);
  EXPECT_EQ(presets::complete_cleanup.timeout, seconds{30});
}

TEST(ThrowFor, gives_the_exception_that_a_sample_would_catch) {
  EXPECT_THROW(throw_for(runtime::make_error(runtime::Errc::capacity), "x"),
               OutOfMemoryException);
  EXPECT_THROW(throw_for(runtime::make_error(runtime::Errc::cancelled), "x"),
               OperationCanceledException);
  EXPECT_THROW(throw_for(runtime::make_error(runtime::Errc::process_lost), "x"),
               AcceleratorException);
}

}  // namespace
}  // namespace thresher::scenarios::published
