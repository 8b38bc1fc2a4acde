// The verifier's four doors.
#include <catenary/verify/verify.h>

#include <fmt/format.h>

#include <catenary/verify/estimates.h>
#include <catenary/verify/joint.h>
#include <catenary/verify/process.h>
#include <catenary/verify/sameness.h>
#include <catenary/verify/space.h>
#include <catenary/verify/steps.h>

namespace catenary {

using namespace verifying;

namespace {

Report verify_subject(Session& session, std::shared_ptr<const Subject> subject) {
  session.set_components(subject->components.size());
  std::vector<std::shared_ptr<void>> kept;
  for (const Component& c : subject->components)
    if (auto space = c.space(); space && session.options().spaces) kept.push_back(plan_space(session, *space, c.label));
  plan_processes(session, subject);
  plan_estimates(session, subject);
  plan_steps(session, subject);
  plan_joint(session, subject);
  plan_sameness(session, subject);
  return session.run();
}

}  // namespace

Report verify(Kept<Space> space, const VerifyOptions& options) {
  Session session(fmt::format("space '{}'", space->name()), options);
  auto kept = plan_space(session, space);
  return session.run();
}

Report verify(Kept<Process> process, const VerifyOptions& options) {
  Session session(fmt::format("process on space '{}'", process->space().name()), options);
  Joint joint("process", options.horizon);
  joint.add("x", std::move(process));
  return verify_subject(session, std::make_shared<Subject>(subject_of(session, joint)));
}

Report verify(const Joint& joint, const VerifyOptions& options) {
  Session session(fmt::format("joint '{}'", joint.name()), options);
  return verify_subject(session, std::make_shared<Subject>(subject_of(session, joint)));
}

Report verify_mlir(const std::string& text, const std::string& name, const VerifyOptions& options) {
  Session session(fmt::format("declaration '{}'", name), options);
  return verify_subject(session, std::make_shared<Subject>(subject_of(session, text, name)));
}

}  // namespace catenary
