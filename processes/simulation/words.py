"""What made-up staff write into forms: Chinese, as their colleagues would read it."""

from __future__ import annotations

from typing import Any

from processes.codes import WhistleReason

MEASURES = {
    "dispute": (
        "到场了解情况，组织双方当面协商，达成书面调解协议并当场签字。",
        "邀请楼栋长一同上门劝解，双方互谅互让，约定一周内恢复原状。",
        "查阅资料并现场丈量，双方认可结果，纠纷化解。",
        "联系用人单位负责人，约定三日内结清，已收到转账回执。",
    ),
    "livelihood": (
        "已联系维修单位更换部件，现场试用正常。",
        "安排环卫人员清运并消杀，增加每日一次巡查。",
        "已疏通管网、更换井盖，雨后复查无积水。",
    ),
    "hazard": (
        "现场劝离占道车辆，补划禁停标线，向住户宣传消防法。",
        "清理杂物并张贴告知书，列入每周巡查。",
        "更换老化软管，检测无泄漏。",
    ),
    "order": ("联合民警现场处置，当事人作出书面承诺。", "约谈摊主，调整营业时段，复查无扰民。"),
    "criminal": ("已固定线索并立案侦查，向当事人反馈受案回执。", "核查后不构成犯罪，已开展防骗宣传并回访。"),
    "enterprise": ("组织部门会商，一次性告知所需材料，专人帮办。", "约谈付款方，签订分期付款协议。"),
    "legal_service": ("值班律师当面解答，已出具书面意见。", "指导填写申请表，材料已转法律援助中心。"),
}
REASONS = {
    "refer_up": ("超出本级权限，需上级协调。", "涉及多个单位，本级难以解决。", "需要资金和专业队伍，请上级统筹。"),
    "transfer": ("属该部门法定职责，请依法处理。", "需执法权限，转请主管部门办理。"),
    "assign": ("请就近上门核实办理，按时反馈。", "请先行稳控并反馈进展。"),
    "return": ("现场不在本单位辖区。", "不属本单位职责，建议转主管部门。"),
}
RULINGS = ("按属地原则由该单位负责。", "职责清单已明确，由该单位牵头办理。")
MORE_TIME = ("当事人外出，需等其返回后再次调解。", "配件采购在途，预计两日到货。", "需邀请专业人员鉴定。")
STANDSTILL = ("等待鉴定结论，期间已做稳控。", "当事人住院治疗，出院后继续调解。", "需待雨季结束后施工。")
PROGRESS = (
    "已与双方电话联系，约定明天上午到服务站面谈。",
    "已到现场查看并拍照，正在联系维修单位。",
    "第一次调解未达成一致，双方同意再谈一次。",
    "已请社区民警协助，情绪平稳。",
)
WHISTLES = (
    (WhistleReason.JOINT_ENFORCEMENT, "夜市占道经营反复回潮，请联合执法，明日九时在街口集合。"),
    (WhistleReason.BEYOND_MEANS, "涉及房屋安全鉴定，街道无专业力量，请到场处置。"),
    (WhistleReason.BEYOND_MEANS, "工地欠薪人数较多，请共同核实并督促支付。"),
    (WhistleReason.EMERGENCY, "燃气异味，已疏散周边住户，请立即到场。"),
)
CONSULTED = ("小区电梯更新资金分摊方案。", "征地拆迁遗留问题处理意见。", "商户油烟扰民整治分工。")
SESSIONS = {
    "agreed": ("双方就赔偿金额和履行时间达成一致。", "经释法说理，双方互谅互让，愿意签订协议。"),
    "again": ("双方分歧缩小，约定三日后再谈。", "一方需与家人商量，另约时间。"),
    "failed": ("双方差距过大，申请人要求终止调解。",),
    "pause": ("双方同意先作鉴定，鉴定后继续。",),
}
FACTS = ("双方因相邻通行发生争执，造成部分设施损坏。", "因装修漏水造成楼下财物受损，双方对金额有争议。")
TERMS = (
    "一、被申请人十日内恢复原状；二、双方不再追究其他责任。",
    "一、被申请人一次性支付三千元；二、申请人收款后双方再无争议。",
)
SIMPLE: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "verify": [
        (95, {"result": "accept"}),
        (3, {"result": "decline", "reason": "不属受理范围，可向人民法院起诉。"}),
        (2, {"result": "decline", "reason": "同一事项已由主管部门办理并答复，可申请复查。"}),
    ],
    "accept": [
        (88, {"outcome": "accept"}),
        (6, {"outcome": "refer_up", "reason": "超出本级权限，需上级协调。"}),
        (6, {"outcome": "return", "reason": "现场不在本单位辖区。"}),
    ],
    "return_reply": [
        (6, {"agree": True, "opinion": "同意退回，另行安排。"}),
        (4, {"agree": False, "opinion": "属你单位职责，请继续办理。"}),
    ],
    "confirm": [
        (9, {"ok": True, "opinion": "情况属实，同意销号。"}),
        (1, {"ok": False, "opinion": "缺少现场照片，请补充。"}),
    ],
    "check": [
        (60, {"ok": True, "finding": "现场核实，已解决。"}),
        (30, {"ok": True, "finding": "电话回访当事人，表示认可。"}),
        (10, {"ok": False, "finding": "现场复查问题仍在，请继续处理。"}),
    ],
    "rating": [
        (60, {"answer": "satisfied", "words": "来得快，问题解决了，谢谢。"}),
        (25, {"answer": "basic", "words": "总体可以，希望再快一点。"}),
        (8, {"answer": "unsatisfied", "words": "还没解决，请再看看。"}),
        (7, {"answer": "unreached"}),
    ],
    "request_decision": [
        (7, {"granted": True, "opinion": "同意，请抓紧。"}),
        (3, {"granted": False, "opinion": "请按时办结。"}),
    ],
    "sup_reply": [
        (7, {"done": True}),
        (3, {"done": False, "reason": "需多部门配合。", "plan": "三日内组织会商并办结。"}),
    ],
    "sup_judge": [(7, {"verdict": "lift"}), (1, {"verdict": "next"}), (2, {"verdict": "wait"})],
    "resume": [(1, {"reason": "条件已具备，恢复办理。"})],
    "whistle_answer": [
        (92, {"coming": True, "people": "两名执法人员"}),
        (8, {"coming": False, "reason": "该事项不属本部门职责，建议由主管部门到场。"}),
    ],
    "refusal_ruling": [
        (8, {"must_come": True, "reason": "属联合执法事项，须到场配合。"}),
        (2, {"must_come": False, "reason": "确不属其职责，准予不到场。"}),
    ],
    "feedback": [
        (1, {"measures": "现场检查并责令整改，当事人签收告知书。"}),
        (1, {"measures": "已会同街道处置完毕，现场恢复。"}),
    ],
    "whistle_close": [(1, {"finished": True, "notes": "现场处置完毕，同意销哨。"})],
    "opinion": [
        (3, {"opinion": "建议由属地牵头，本单位配合现场处置。", "attend": True}),
        (1, {"opinion": "可按既有政策办理。", "measures": "提供政策依据。", "attend": False}),
    ],
    "decision": [(1, {"decision": "由属地单位牵头办理，各部门按职责配合，一周内办结。"})],
    "med_resume": [(1, {"opinion": "鉴定意见已出具，双方收悉。"})],
    "med_longer": [(1, {"both_agree": False, "words": "一方不同意继续。"})],
    "med_performance": [
        (9, {"performed": True, "words": "已回访，协议履行完毕。"}),
        (1, {"performed": False, "words": "对方逾期未付款。"}),
    ],
    "sup_account": [
        (
            1,
            {
                "findings": "多次督办仍未办结。",
                "advice": "建议通报批评并扣减年度考核分。",
                "adopted": True,
                "feedback": "已采纳。",
            },
        )
    ],
    "serve": [(3, {"result": "已当面解答并提供书面材料清单。"}), (1, {"result": "已受理申请，材料齐全。"})],
    "means_test": [
        (8, {"income": "月收入低于低保标准两倍", "household": 3, "eligible": True}),
        (2, {"income": "高于标准", "household": 2, "eligible": False, "reason": "家庭人均收入超过标准。"}),
    ],
    "aid_decision": [(9, {"granted": True}), (1, {"granted": False, "reason": "不属法律援助事项范围。"})],
    "aid_assign": [(1, {"lawyer": "值班律师"})],
    "petition_register": [(1, {"summary": "反映安置补偿问题。", "representatives": 1})],
    "petition_accept": [
        (8, {"accepted": True, "told": True}),
        (2, {"accepted": False, "told": True, "reason": "属其他机关职责，已告知。"}),
    ],
    "petition_objection": [(1, {"upheld": True, "reason": "经核不属本单位，转送有权处理机关。"})],
    "visit_close": [(8, {"told": True, "rating": "satisfied"}), (2, {"told": True, "rating": "basic"})],
}
